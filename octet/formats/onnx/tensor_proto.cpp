#include "octet/formats/onnx/tensor_proto.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "octet/base/error.h"
#include "octet/base/shape.h"
#include "octet/formats/file_io.h"
#include "octet/formats/onnx/external_data.h"

namespace octet {
namespace {

static_assert(std::endian::native == std::endian::little, "raw data is little-endian");

using Proto = onnx::TensorProto;

// How the elements of a type lie in a file, and what they become. `stored` has their size: ATen of
// the oldest supported version has no unsigned types beyond uint8.
struct TypeRow {
  int32_t data_type;
  std::string_view name;
  at::ScalarType stored;
  at::ScalarType result;
  DType dtype;
};

constexpr std::array kTypes{
    TypeRow{Proto::FLOAT, "float", at::kFloat, at::kFloat, DType::kFloat32},
    TypeRow{Proto::DOUBLE, "double", at::kDouble, at::kDouble, DType::kFloat64},
    TypeRow{Proto::INT8, "int8", at::kChar, at::kChar, DType::kInt8},
    TypeRow{Proto::UINT8, "uint8", at::kByte, at::kByte, DType::kUInt8},
    TypeRow{Proto::INT16, "int16", at::kShort, at::kShort, DType::kInt16},
    TypeRow{Proto::INT32, "int32", at::kInt, at::kInt, DType::kInt32},
    TypeRow{Proto::INT64, "int64", at::kLong, at::kLong, DType::kInt64},
    TypeRow{Proto::BOOL, "bool", at::kBool, at::kBool, DType::kBool},
    TypeRow{Proto::FLOAT16, "float16", at::kHalf, at::kHalf, DType::kFloat32},
    TypeRow{Proto::BFLOAT16, "bfloat16", at::kBFloat16, at::kBFloat16, DType::kFloat32},
    TypeRow{Proto::UINT16, "uint16", at::kShort, at::kInt, DType::kInt32},
    TypeRow{Proto::UINT32, "uint32", at::kInt, at::kLong, DType::kInt64},
    TypeRow{Proto::UINT64, "uint64", at::kLong, at::kLong, DType::kInt64},
};

const TypeRow* find_type(int32_t data_type) {
  for (const TypeRow& row : kTypes) {
    if (row.data_type == data_type) return &row;
  }
  return nullptr;
}

// What messages call the tensor.
struct Place {
  const std::string& path;
  const std::string& name;
};

template <class... Args>
void check(bool condition, const Place& place, fmt::format_string<Args...> format, Args&&... args) {
  if (condition) return;
  const std::string tensor = place.name.empty() ? "a tensor" : "tensor '" + place.name + "'";
  throw_file_error(place.path, "{} {}", tensor, fmt::format(format, std::forward<Args>(args)...));
}

Shape checked_shape(const Proto& proto, int64_t element_size, const Place& place) {
  const Shape shape(std::vector<int64_t>(proto.dims().begin(), proto.dims().end()));
  int64_t elements = 1;  // a 0 among the dimensions does not excuse the others
  for (const int64_t dim : shape) {
    check(dim >= 0, place, "has the shape {}", to_string(shape));
    const int64_t extent = std::max<int64_t>(dim, 1);
    check(extent <= kMaxFileBytes / element_size / elements, place,
          "has the shape {}, more than a file can hold", to_string(shape));
    elements *= extent;
  }
  return shape;
}

at::Tensor tensor_of_bytes(const std::string& bytes, const Shape& shape, const TypeRow& type,
                           const Place& place) {
  const size_t expected = static_cast<size_t>(shape.num_elements()) * c10::elementSize(type.stored);
  check(bytes.size() == expected, place, "has {} bytes of data, its shape {} of {} needs {}",
        bytes.size(), to_string(shape), type.name, expected);
  at::Tensor tensor = at::empty(shape, type.stored);
  // libtorch takes any bit pattern but 0 and 1 for a bool as it pleases.
  if (type.stored == at::kBool) {
    bool* values = tensor.data_ptr<bool>();
    for (size_t i = 0; i < expected; ++i) values[i] = bytes[i] != 0;
  } else if (expected > 0) {
    std::memcpy(tensor.data_ptr(), bytes.data(), expected);
  }
  return tensor;
}

// Elements of one of the typed fields, each cut to the bits of the stored type.
template <class Stored, class Field>
at::Tensor tensor_of_field(const Field& field, const Shape& shape, const TypeRow& type,
                           const Place& place) {
  check(field.size() == shape.num_elements(), place, "has {} values, its shape {} needs {}",
        field.size(), to_string(shape), shape.num_elements());
  at::Tensor tensor = at::empty(shape, type.stored);
  auto* values = static_cast<Stored*>(tensor.data_ptr());
  for (int i = 0; i < field.size(); ++i) values[i] = static_cast<Stored>(field[i]);
  return tensor;
}

at::Tensor tensor_of_fields(const Proto& proto, const Shape& shape, const TypeRow& type,
                            const Place& place) {
  switch (type.data_type) {
    case Proto::FLOAT:
      return tensor_of_field<float>(proto.float_data(), shape, type, place);
    case Proto::DOUBLE:
      return tensor_of_field<double>(proto.double_data(), shape, type, place);
    case Proto::INT64:
      return tensor_of_field<int64_t>(proto.int64_data(), shape, type, place);
    case Proto::UINT32:
      return tensor_of_field<uint32_t>(proto.uint64_data(), shape, type, place);
    case Proto::UINT64:
      return tensor_of_field<uint64_t>(proto.uint64_data(), shape, type, place);
    case Proto::INT32:
      return tensor_of_field<int32_t>(proto.int32_data(), shape, type, place);
    case Proto::BOOL:
      return tensor_of_field<bool>(proto.int32_data(), shape, type, place);
    case Proto::INT8:
    case Proto::UINT8:
      return tensor_of_field<uint8_t>(proto.int32_data(), shape, type, place);
    default:  // the 16-bit types, floats by their bits
      return tensor_of_field<uint16_t>(proto.int32_data(), shape, type, place);
  }
}

// From the bits of an unsigned type to a signed one that holds its values.
at::Tensor widened(const at::Tensor& stored, const TypeRow& type, const Place& place) {
  switch (type.data_type) {
    case Proto::UINT16:
      return stored.to(at::kInt).bitwise_and(0xFFFF);
    case Proto::UINT32:
      return stored.to(at::kLong).bitwise_and(int64_t{0xFFFFFFFF});
    case Proto::UINT64:
      check(stored.numel() == 0 || stored.min().item<int64_t>() >= 0, place,
            "has a uint64 above {}, which int64 does not hold",
            std::numeric_limits<int64_t>::max());
      return stored;
    default:
      return stored;
  }
}

}  // namespace

std::string onnx_type_name(int32_t data_type) {
  if (const TypeRow* row = find_type(data_type)) return std::string(row->name);
  if (data_type == Proto::STRING) return "string";
  if (data_type == Proto::COMPLEX64) return "complex64";
  if (data_type == Proto::COMPLEX128) return "complex128";
  return fmt::format("type {}", data_type);
}

int32_t onnx_data_type(DType dtype) {
  for (const TypeRow& row : kTypes) {
    if (row.dtype == dtype) return row.data_type;  // the type itself comes first
  }
  throw_internal_error(__FILE__, __LINE__, "kTypes has every DType");
}

DType dtype_of_onnx(int32_t data_type, std::string_view where) {
  const TypeRow* row = find_type(data_type);
  OCTET_CHECK_FILE(row != nullptr, where, "has the element type {}, which is not supported",
                   onnx_type_name(data_type));
  return row->dtype;
}

at::Tensor tensor_from_proto(const Proto& proto, const std::string& model_path) {
  const Place place{model_path, proto.name()};
  const TypeRow* type = find_type(proto.data_type());
  check(type != nullptr, place, "has the element type {}, which is not supported",
        onnx_type_name(proto.data_type()));
  check(!proto.has_segment(), place, "is one segment of a tensor, which is not supported");
  const auto size = static_cast<int64_t>(c10::elementSize(type->stored));
  const Shape shape = checked_shape(proto, size, place);
  at::Tensor stored;
  if (proto.data_location() == Proto::EXTERNAL) {
    stored = tensor_of_bytes(read_external_data(proto, model_path), shape, *type, place);
  } else if (proto.has_raw_data()) {
    stored = tensor_of_bytes(proto.raw_data(), shape, *type, place);
  } else {
    stored = tensor_of_fields(proto, shape, *type, place);
  }
  return widened(stored, *type, place);
}

Proto proto_from_tensor(const at::Tensor& tensor, const std::string& name) {
  Proto proto;
  proto.set_name(name);
  for (const int64_t dim : tensor.sizes()) proto.add_dims(dim);
  for (const TypeRow& row : kTypes) {
    if (row.stored != row.result || row.stored != tensor.scalar_type()) continue;
    proto.set_data_type(row.data_type);
    const at::Tensor plain = tensor.detach().to(at::kCPU).contiguous();
    const auto bytes = static_cast<size_t>(plain.numel()) * plain.element_size();
    proto.set_raw_data(plain.data_ptr(), bytes);
    return proto;
  }
  throw_error(name, "a tensor of {} cannot be written to ONNX", toString(tensor.scalar_type()));
}

at::Tensor read_tensor_file(const std::string& path) {
  const std::string bytes = read_file(path, std::numeric_limits<int32_t>::max());
  Proto proto;
  OCTET_CHECK_FILE(proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())), path,
                   "is not an ONNX tensor, or cut off");
  return tensor_from_proto(proto, path);
}

}  // namespace octet
