// The bounds of an integer function's result: those of its format, of fewer bits, of a narrow range
// and of its activation. In ONNX they are a Clip of the integers.
#pragma once

#include <optional>

#include "octet/ops/integer_output.h"

namespace octet {

struct IntegerBounds {
  float lowest = 0;
  float highest = 0;
  bool operator==(const IntegerBounds&) const = default;
};

// Rounding is monotonic, so an activation of real numbers is a bound of their integers. `scale` is
// what one step is worth.
IntegerBounds integer_bounds(const IntegerOutput& output, float scale, float zero_point);

// The output of `dtype` (int8 or uint8), rounded half to even, that has these bounds, the plainest
// first: all bits before fewer, no activation before one. Nothing where none has.
std::optional<IntegerOutput> output_within(const IntegerBounds& bounds, DType dtype, float scale,
                                           float zero_point);

}  // namespace octet
