// format_parameter_hdf5.
#include <ATen/ATen.h>
#include <hdf5.h>

#include "octet/base/error.h"
#include "octet/formats/nnp/hdf5_handle.h"
#include "octet/formats/nnp/parameter_hdf5.h"

namespace octet {
namespace {

constexpr std::string_view kWhere = "parameter.h5";

// Failures here are not the user's: names and types were checked before.
hid_t checked(hid_t id) {
  OCTET_INTERNAL_CHECK(id >= 0);
  return id;
}

// NumPy's bool as h5py stores it; `need_grad` is one.
Hdf5Handle new_bool_type() {
  Hdf5Handle type(checked(H5Tenum_create(H5T_STD_I8LE)));
  const int8_t no = 0;
  const int8_t yes = 1;
  checked(H5Tenum_insert(type.get(), "FALSE", &no));
  checked(H5Tenum_insert(type.get(), "TRUE", &yes));
  return type;
}

// Little endian whatever the machine, so that files do not depend on it.
hid_t stored_type(at::ScalarType type, const Hdf5Handle& bool_type) {
  switch (type) {
    case at::kFloat:
      return H5T_IEEE_F32LE;
    case at::kDouble:
      return H5T_IEEE_F64LE;
    case at::kChar:
      return H5T_STD_I8LE;
    case at::kByte:
      return H5T_STD_U8LE;
    case at::kShort:
      return H5T_STD_I16LE;
    case at::kInt:
      return H5T_STD_I32LE;
    case at::kLong:
      return H5T_STD_I64LE;
    case at::kBool:
      return bool_type.get();
    default:
      return -1;
  }
}

hid_t native_type(at::ScalarType type, const Hdf5Handle& bool_type) {
  switch (type) {
    case at::kFloat:
      return H5T_NATIVE_FLOAT;
    case at::kDouble:
      return H5T_NATIVE_DOUBLE;
    case at::kChar:
      return H5T_NATIVE_INT8;
    case at::kByte:
      return H5T_NATIVE_UINT8;
    case at::kShort:
      return H5T_NATIVE_INT16;
    case at::kInt:
      return H5T_NATIVE_INT32;
    case at::kLong:
      return H5T_NATIVE_INT64;
    default:
      return bool_type.get();
  }
}

void check_name(const std::string& name) {
  bool valid = !name.empty() && name.find('\0') == std::string::npos;
  for (size_t begin = 0; valid && begin <= name.size();) {
    const size_t end = std::min(name.find('/', begin), name.size());
    const std::string_view part = std::string_view(name).substr(begin, end - begin);
    valid = !part.empty() && part != ".";
    begin = end + 1;
  }
  OCTET_CHECK(valid, kWhere,
              "HDF5 cannot hold a parameter named '{}': a part between slashes is empty or '.'",
              name);
}

class ImageWriter {
 public:
  ImageWriter() : bool_type_(new_bool_type()), scalar_(checked(H5Screate(H5S_SCALAR))) {
    constexpr size_t kIncrement = 64 * 1024;
    const Hdf5Handle access(checked(H5Pcreate(H5P_FILE_ACCESS)));
    checked(H5Pset_fapl_core(access.get(), kIncrement, false));
    file_ = Hdf5Handle(checked(H5Fcreate("parameters", H5F_ACC_TRUNC, H5P_DEFAULT, access.get())));
    links_ = Hdf5Handle(checked(H5Pcreate(H5P_LINK_CREATE)));
    checked(H5Pset_create_intermediate_group(links_.get(), 1));
    creation_ = Hdf5Handle(checked(H5Pcreate(H5P_DATASET_CREATE)));
    checked(H5Pset_obj_track_times(creation_.get(), false));
  }

  void write(const StoredParameter& parameter, int64_t index) {
    check_name(parameter.name);
    at::Tensor value = parameter.value.detach().cpu().contiguous();
    if (value.scalar_type() == at::kHalf || value.scalar_type() == at::kBFloat16) {
      value = value.to(at::kFloat);
    }
    const hid_t type = stored_type(value.scalar_type(), bool_type_);
    OCTET_CHECK(type >= 0, kWhere, "parameter '{}' has type {}, which cannot be stored",
                parameter.name, c10::toString(value.scalar_type()));
    const Hdf5Handle space = new_space(value);
    const Hdf5Handle dataset(H5Dcreate2(file_.get(), parameter.name.c_str(), type, space.get(),
                                        links_.get(), creation_.get(), H5P_DEFAULT));
    OCTET_CHECK(dataset.valid(), kWhere,
                "parameter '{}' has the same name as another one or stands inside another one",
                parameter.name);
    if (value.numel() > 0) {
      checked(H5Dwrite(dataset.get(), native_type(value.scalar_type(), bool_type_), H5S_ALL,
                       H5S_ALL, H5P_DEFAULT, value.data_ptr()));
    }
    const int8_t need_grad = parameter.need_grad ? 1 : 0;
    write_attribute(dataset, "need_grad", bool_type_.get(), bool_type_.get(), &need_grad);
    write_attribute(dataset, "index", H5T_STD_I64LE, H5T_NATIVE_INT64, &index);
  }

  std::string finish() {
    checked(H5Fflush(file_.get(), H5F_SCOPE_GLOBAL));
    const ssize_t size = H5Fget_file_image(file_.get(), nullptr, 0);
    OCTET_INTERNAL_CHECK(size > 0);
    std::string bytes(static_cast<size_t>(size), '\0');
    OCTET_INTERNAL_CHECK(H5Fget_file_image(file_.get(), bytes.data(), bytes.size()) == size);
    return bytes;
  }

 private:
  static Hdf5Handle new_space(const at::Tensor& value) {
    if (value.dim() == 0) return Hdf5Handle(checked(H5Screate(H5S_SCALAR)));
    const std::vector<hsize_t> dims(value.sizes().begin(), value.sizes().end());
    OCTET_CHECK(dims.size() <= H5S_MAX_RANK, kWhere, "a parameter has {} dimensions, more than {}",
                dims.size(), H5S_MAX_RANK);
    return Hdf5Handle(
        checked(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr)));
  }

  void write_attribute(const Hdf5Handle& dataset, const char* name, hid_t stored, hid_t native,
                       const void* value) {
    const Hdf5Handle attribute(
        checked(H5Acreate2(dataset.get(), name, stored, scalar_.get(), H5P_DEFAULT, H5P_DEFAULT)));
    checked(H5Awrite(attribute.get(), native, value));
  }

  Hdf5Handle bool_type_;
  Hdf5Handle scalar_;
  Hdf5Handle file_;
  Hdf5Handle links_;
  Hdf5Handle creation_;
};

}  // namespace

std::string format_parameter_hdf5(const std::vector<StoredParameter>& parameters) {
  const Hdf5Session session;
  ImageWriter writer;
  int64_t index = 0;
  for (const StoredParameter& parameter : parameters) writer.write(parameter, index++);
  return writer.finish();
}

}  // namespace octet
