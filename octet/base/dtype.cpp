#include "octet/base/dtype.h"

#include <array>

#include "octet/base/error.h"

namespace octet {
namespace {

struct Row {
  DType dtype;
  std::string_view name;
  int64_t size;
};

constexpr std::array kRows{
    Row{DType::kFloat32, "float32", 4}, Row{DType::kFloat64, "float64", 8},
    Row{DType::kInt8, "int8", 1},       Row{DType::kUInt8, "uint8", 1},
    Row{DType::kInt16, "int16", 2},     Row{DType::kInt32, "int32", 4},
    Row{DType::kInt64, "int64", 8},     Row{DType::kBool, "bool", 1},
};

const Row& row_of(DType dtype) {
  return kRows[static_cast<size_t>(dtype)];
}

}  // namespace

std::string_view to_string(DType dtype) {
  return row_of(dtype).name;
}

int64_t size_of(DType dtype) {
  return row_of(dtype).size;
}

DType parse_dtype(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) return row.dtype;
  }
  throw_error("dtype",
              "'{}' is not one of float32, float64, int8, uint8, int16, int32, int64, bool", name);
}

}  // namespace octet
