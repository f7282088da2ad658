// parse_parameter_hdf5: files of the old layout by our own reader, the others by the HDF5 library.
#include <ATen/ATen.h>
#include <hdf5.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

#include "octet/base/error.h"
#include "octet/base/shape.h"
#include "octet/formats/nnp/hdf5_handle.h"
#include "octet/formats/nnp/hdf5_old_format.h"
#include "octet/formats/nnp/parameter_hdf5.h"

namespace octet {
namespace {

struct IndexedParameter {
  std::optional<int64_t> index;
  StoredParameter parameter;
};

// The image is opened in memory; nothing of it reaches the disk.
Hdf5Handle open_image(std::string_view bytes, const std::string& where) {
  Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS));
  constexpr size_t kIncrement = 64 * 1024;
  const bool ready =
      H5Pset_fapl_core(access.get(), kIncrement, false) >= 0 && !bytes.empty() &&
      H5Pset_file_image(access.get(), const_cast<char*>(bytes.data()), bytes.size()) >= 0;
  Hdf5Handle file(ready ? H5Fopen("parameters", H5F_ACC_RDONLY, access.get()) : -1);
  OCTET_CHECK_FILE(file.valid(), where, "is not a whole HDF5 file");
  return file;
}

herr_t append_dataset_name(hid_t, const char* name, const H5O_info_t* info, void* names) {
  if (info->type == H5O_TYPE_DATASET) {
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  }
  return 0;
}

// Hard links only: symbolic and external ones are not followed, so no other file is ever opened.
std::vector<std::string> dataset_names(const Hdf5Handle& file, const std::string& where) {
  std::vector<std::string> names;
  const herr_t status = H5Ovisit2(file.get(), H5_INDEX_NAME, H5_ITER_INC, &append_dataset_name,
                                  &names, H5O_INFO_BASIC);
  OCTET_CHECK_FILE(status >= 0, where, "the HDF5 groups are damaged");
  return names;
}

struct MemoryType {
  at::ScalarType tensor;
  hid_t hdf5;
};

std::optional<MemoryType> integer_type(size_t size, bool is_signed) {
  switch (size) {
    case 1:
      if (is_signed) return MemoryType{at::kChar, H5T_NATIVE_INT8};
      return MemoryType{at::kByte, H5T_NATIVE_UINT8};
    case 2:
      if (is_signed) return MemoryType{at::kShort, H5T_NATIVE_INT16};
      return MemoryType{at::kInt, H5T_NATIVE_INT32};
    case 4:
      if (is_signed) return MemoryType{at::kInt, H5T_NATIVE_INT32};
      return MemoryType{at::kLong, H5T_NATIVE_INT64};
    case 8:
      if (is_signed) return MemoryType{at::kLong, H5T_NATIVE_INT64};
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<MemoryType> memory_type(hid_t stored) {
  const size_t size = H5Tget_size(stored);
  switch (H5Tget_class(stored)) {
    case H5T_FLOAT:
      if (size == 2 || size == 4) return MemoryType{at::kFloat, H5T_NATIVE_FLOAT};
      if (size == 8) return MemoryType{at::kDouble, H5T_NATIVE_DOUBLE};
      return std::nullopt;
    case H5T_INTEGER:
      return integer_type(size, H5Tget_sign(stored) == H5T_SGN_2);
    case H5T_ENUM:  // NumPy's bool
      if (size == 1) return MemoryType{at::kBool, H5T_NATIVE_INT8};
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

class DatasetReader {
 public:
  DatasetReader(const Hdf5Handle& file, std::string name, size_t file_bytes,
                const std::string& where)
      : name_(std::move(name)), where_(where), file_bytes_(file_bytes) {
    dataset_ = Hdf5Handle(H5Dopen2(file.get(), name_.c_str(), H5P_DEFAULT));
    check(dataset_.valid(), "is damaged");
  }

  IndexedParameter read() {
    IndexedParameter result;
    result.parameter.name = name_;
    check_storage();
    result.parameter.value = read_value();
    result.index = read_attribute("index");
    result.parameter.need_grad = read_attribute("need_grad").value_or(0) != 0;
    return result;
  }

 private:
  void check(bool holds, std::string_view what) const {
    OCTET_CHECK_FILE(holds, where_, "parameter '{}' {}", name_, what);
  }

  // Everything in this file, and no code that a file could ask HDF5 to load.
  void check_storage() const {
    const Hdf5Handle creation(H5Dget_create_plist(dataset_.get()));
    check(creation.valid(), "is damaged");
    const H5D_layout_t layout = H5Pget_layout(creation.get());
    check(layout == H5D_CONTIGUOUS || layout == H5D_COMPACT || layout == H5D_CHUNKED,
          "has an unknown storage layout");
    check(H5Pget_external_count(creation.get()) == 0, "keeps its values in another file");
    const int filters = H5Pget_nfilters(creation.get());
    check(filters >= 0, "is damaged");
    for (int i = 0; i < filters; ++i) {
      unsigned flags = 0;
      unsigned config = 0;
      size_t values = 0;
      const H5Z_filter_t filter = H5Pget_filter2(creation.get(), static_cast<unsigned>(i), &flags,
                                                 &values, nullptr, 0, nullptr, &config);
      check(filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE ||
                filter == H5Z_FILTER_FLETCHER32,
            "is packed with an unknown filter");
    }
  }

  // The extents, if the file is long enough to hold all elements.
  Shape read_shape(size_t element_bytes) const {
    const Hdf5Handle space(H5Dget_space(dataset_.get()));
    check(space.valid(), "is damaged");
    const H5S_class_t kind = H5Sget_simple_extent_type(space.get());
    check(kind == H5S_SCALAR || kind == H5S_SIMPLE, "has no shape");
    const int rank = H5Sget_simple_extent_ndims(space.get());
    check(rank >= 0 && rank <= H5S_MAX_RANK, "is damaged");
    std::vector<hsize_t> dims(static_cast<size_t>(rank));
    check(H5Sget_simple_extent_dims(space.get(), dims.data(), nullptr) >= 0, "is damaged");
    size_t bytes = element_bytes;
    for (const hsize_t dim : dims) {
      const size_t extent = std::max<size_t>(dim, 1);
      OCTET_CHECK_FILE(extent <= file_bytes_ / bytes, where_,
                       "parameter '{}' has shape ({}), more than the {} bytes of the file can hold",
                       name_, fmt::join(dims, ", "), file_bytes_);
      bytes *= extent;
    }
    return Shape(std::vector<int64_t>(dims.begin(), dims.end()));
  }

  at::Tensor read_value() const {
    const Hdf5Handle stored(H5Dget_type(dataset_.get()));
    check(stored.valid(), "is damaged");
    const std::optional<MemoryType> type = memory_type(stored.get());
    check(type.has_value(), "has an element type that parameters cannot have");
    const Shape shape = read_shape(H5Tget_size(stored.get()));
    const at::ScalarType buffer = type->tensor == at::kBool ? at::kChar : type->tensor;
    at::Tensor value = at::zeros(shape, at::TensorOptions().dtype(buffer));
    if (value.numel() > 0) {
      const herr_t status =
          H5Dread(dataset_.get(), type->hdf5, H5S_ALL, H5S_ALL, H5P_DEFAULT, value.data_ptr());
      check(status >= 0, "is damaged: its values cannot be read");
    }
    return type->tensor == at::kBool ? value.ne(0) : value;
  }

  // The value of an integer or enumeration attribute, if there is one.
  std::optional<int64_t> read_attribute(const char* attribute) const {
    const htri_t exists = H5Aexists(dataset_.get(), attribute);
    check(exists >= 0, "has damaged attributes");
    if (exists == 0) return std::nullopt;
    const Hdf5Handle handle(H5Aopen(dataset_.get(), attribute, H5P_DEFAULT));
    check(handle.valid(), "has damaged attributes");
    const Hdf5Handle space(H5Aget_space(handle.get()));
    const Hdf5Handle stored(H5Aget_type(handle.get()));
    check(space.valid() && stored.valid() && H5Sget_simple_extent_npoints(space.get()) == 1,
          "has damaged attributes");
    const H5T_class_t kind = H5Tget_class(stored.get());
    check((kind == H5T_INTEGER || kind == H5T_ENUM) && H5Tget_size(stored.get()) <= 8,
          fmt::format("has the attribute {} that is no integer", attribute));
    int64_t value = 0;
    check(H5Aread(handle.get(), H5T_NATIVE_INT64, &value) >= 0, "has damaged attributes");
    return value;
  }

  std::string name_;
  const std::string& where_;
  size_t file_bytes_;
  Hdf5Handle dataset_;
};

std::vector<IndexedParameter> read_with_library(std::string_view bytes, const std::string& where) {
  const Hdf5Session session;
  const Hdf5Handle file = open_image(bytes, where);
  std::vector<IndexedParameter> found;
  for (std::string& name : dataset_names(file, where)) {
    found.push_back(DatasetReader(file, std::move(name), bytes.size(), where).read());
  }
  return found;
}

// The elements as they are in the file, in the machine's byte order.
at::Tensor raw_tensor(const Hdf5Dataset& dataset, at::ScalarType type) {
  at::Tensor tensor = at::zeros(dataset.dims, at::TensorOptions().dtype(type));
  OCTET_INTERNAL_CHECK(dataset.data.empty() || tensor.nbytes() == dataset.data.size());
  if (dataset.data.empty()) return tensor;
  char* values = static_cast<char*>(tensor.data_ptr());
  std::memcpy(values, dataset.data.data(), dataset.data.size());
  if (dataset.type.big_endian != (std::endian::native == std::endian::big)) {
    for (size_t i = 0; i < dataset.data.size(); i += dataset.type.size) {
      std::reverse(values + i, values + i + dataset.type.size);
    }
  }
  return tensor;
}

// Unsigned integers that tensors do not have, in the next larger signed type.
at::Tensor widened(const at::Tensor& raw, size_t bytes) {
  const auto wide = bytes == 2 ? at::kInt : at::kLong;
  return raw.to(wide).bitwise_and((int64_t{1} << (8 * bytes)) - 1);
}

at::Tensor tensor_of(const Hdf5Dataset& dataset, const std::string& where) {
  const size_t size = dataset.type.size;
  if (dataset.type.kind == Hdf5Type::Kind::kFloat) {
    if (size == 2) return raw_tensor(dataset, at::kHalf).to(at::kFloat);
    return raw_tensor(dataset, size == 4 ? at::kFloat : at::kDouble);
  }
  if (dataset.type.kind == Hdf5Type::Kind::kEnumeration && size == 1) {
    return raw_tensor(dataset, at::kChar).ne(0);
  }
  const bool is_unsigned = !dataset.type.is_signed;
  OCTET_CHECK_FILE(!(is_unsigned && size == 8), where,
                   "parameter '{}' has an element type that parameters cannot have", dataset.name);
  if (size == 1) return raw_tensor(dataset, is_unsigned ? at::kByte : at::kChar);
  const at::Tensor raw = raw_tensor(dataset, size == 2   ? at::kShort
                                             : size == 4 ? at::kInt
                                                         : at::kLong);
  return is_unsigned ? widened(raw, size) : raw;
}

std::vector<IndexedParameter> read_old_format(std::string_view bytes, const std::string& where) {
  std::vector<IndexedParameter> found;
  for (const Hdf5Dataset& dataset : parse_old_hdf5(bytes, where)) {
    found.push_back({dataset.index, {dataset.name, tensor_of(dataset, where), dataset.need_grad}});
  }
  std::sort(found.begin(), found.end(), [](const IndexedParameter& a, const IndexedParameter& b) {
    return a.parameter.name < b.parameter.name;
  });
  return found;
}

}  // namespace

void leave_hdf5_as_it_is_at_exit() {
  H5dont_atexit();
}

std::vector<StoredParameter> parse_parameter_hdf5(std::string_view bytes,
                                                  const std::string& where) {
  std::vector<IndexedParameter> found =
      is_old_hdf5(bytes) ? read_old_format(bytes, where) : read_with_library(bytes, where);
  // Names come in alphabetical order, so a stable sort leaves those without an index in it.
  std::stable_sort(found.begin(), found.end(),
                   [](const IndexedParameter& a, const IndexedParameter& b) {
                     if (!a.index.has_value() || !b.index.has_value()) {
                       return a.index.has_value() && !b.index.has_value();
                     }
                     return *a.index < *b.index;
                   });
  std::vector<StoredParameter> parameters;
  parameters.reserve(found.size());
  for (IndexedParameter& item : found) parameters.push_back(std::move(item.parameter));
  return parameters;
}

}  // namespace octet
