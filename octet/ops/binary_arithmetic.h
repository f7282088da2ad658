// Arithmetic on two or more tensors with NumPy's broadcasting. The element types of all inputs must
// be the same; the result has it too, but Div2, Pow2 and ATan2 turn integers into float32. Throw
// Error for shapes that do not broadcast and for mixed element types. (Add2 has its own file.)
#pragma once

#include "octet/ops/elementwise.h"

namespace octet {

// x0 or x1, the larger; NaN if either is. The gradient goes to the one chosen, to x1 if they are
// equal.
OCTET_BINARY(Maximum2);
// x0 or x1, the smaller; likewise.
OCTET_BINARY(Minimum2);
// The angle of the point (x1, x0), in radians within [-pi, pi].
OCTET_BINARY(ATan2);

// x0 - x1.
struct Sub2 {
  OCTET_ATTRIBUTES(Sub2, inplace)
  static constexpr std::array kInputs{InputSpec{"x0"}, InputSpec{"x1"}};
  bool inplace = false;  // here and below: kept for .nnp files; the result does not depend on it
};

// x0 x1.
struct Mul2 {
  OCTET_ATTRIBUTES(Mul2, inplace)
  static constexpr std::array kInputs{InputSpec{"x0"}, InputSpec{"x1"}};
  bool inplace = false;
};

// x0 / x1. With `truncate` (integers only) the quotient is an integer, rounded toward zero, and a
// division by zero is an Error that says where: ONNX's Div on integers.
struct Div2 {
  OCTET_ATTRIBUTES(Div2, inplace, truncate)
  static constexpr std::array kInputs{InputSpec{"x0"}, InputSpec{"x1"}};
  bool inplace = false;
  bool truncate = false;
};

// x0 to the power of x1; the operation "Pow2". ONNX's Pow on integers: cast both to float64 and the
// result to x0's type.
struct Power2 {
  OCTET_NAMED_ATTRIBUTES(Power2, "Pow2", inplace)
  static constexpr std::array kInputs{InputSpec{"x0"}, InputSpec{"x1"}};
  bool inplace = false;
};

// x0 + x1: what .nnp files call an Add2 that broadcasts.
struct BcAdd2 {
  OCTET_ATTRIBUTES(BcAdd2, inplace)
  static constexpr std::array kInputs{InputSpec{"x0"}, InputSpec{"x1"}};
  bool inplace = false;
};

// The remainder of x0 / x1. Its sign is that of x0 for floats and with `fmod`, otherwise (integers)
// that of x1. An integer divided by zero is an Error that says where.
struct Mod2 {
  OCTET_ATTRIBUTES(Mod2, fmod)
  static constexpr std::array kInputs{InputSpec{"x0"}, InputSpec{"x1"}};
  bool fmod = false;
};

// The sum of all inputs.
struct AddN {
  OCTET_ATTRIBUTES(AddN)
  static constexpr std::array kInputs{InputSpec{.name = "x", .variadic = true}};
};

// The product of all inputs.
struct MulN {
  OCTET_ATTRIBUTES(MulN)
  static constexpr std::array kInputs{InputSpec{.name = "x", .variadic = true}};
};

}  // namespace octet
