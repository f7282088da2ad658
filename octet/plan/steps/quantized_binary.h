// What the steps of QuantizedAdd2, QuantizedSub2 and QuantizedMul2 share.
#pragma once

#include <optional>

#include "octet/kernels/quantized_arithmetic.h"
#include "octet/ops/operation.h"
#include "octet/ops/quantized_arithmetic.h"

namespace octet::plan {

// The inputs: each operand is followed by its scale and zero point.
inline constexpr size_t kBinaryA = 0, kBinaryB = 3, kBinaryYScale = 6, kBinaryYZeroPoint = 7;

struct QuantizedBinary {
  kernels::BinaryFunction function;
  const IntegerOutput* output;
};

// Nothing for other operations; points into the attributes.
inline std::optional<QuantizedBinary> quantized_binary_of(const Attributes& attributes) {
  using kernels::BinaryFunction;
  if (const auto* op = std::get_if<QuantizedAdd2>(&attributes)) {
    return QuantizedBinary{BinaryFunction::kAdd, op};
  }
  if (const auto* op = std::get_if<QuantizedSub2>(&attributes)) {
    return QuantizedBinary{BinaryFunction::kSub, op};
  }
  if (const auto* op = std::get_if<QuantizedMul2>(&attributes)) {
    return QuantizedBinary{BinaryFunction::kMul, op};
  }
  return std::nullopt;
}

}  // namespace octet::plan
