// Element types of a Variable.
#pragma once

#include <cstdint>
#include <string_view>

namespace octet {

enum class DType : uint8_t { kFloat32, kFloat64, kInt8, kUInt8, kInt16, kInt32, kInt64, kBool };

// "float32", "int8", ...
std::string_view to_string(DType dtype);
// Throws Error for an unknown name.
DType parse_dtype(std::string_view name);
// Bytes per element.
int64_t size_of(DType dtype);

}  // namespace octet
