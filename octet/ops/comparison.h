// Comparisons of two tensors, with NumPy's broadcasting, or of a tensor with a number. The result
// is 1 where the comparison holds and 0 elsewhere, as floats (float32 for integer inputs); it has
// no gradient. The two-tensor forms take any element type, compare integers as integers, and throw
// Error for shapes that do not broadcast and for mixed element types.
//
// ONNX's comparisons are these with a Cast to bool behind them (Cast takes everything but 0 as
// true), and so are its And, Or, Xor and Not (logic.h) and IsNaN and IsInf (non_finite.h).
#pragma once

#include "octet/ops/elementwise.h"

namespace octet {

OCTET_BINARY(Equal);         // x0 == x1
OCTET_BINARY(NotEqual);      // x0 != x1
OCTET_BINARY(Greater);       // x0 > x1
OCTET_BINARY(GreaterEqual);  // x0 >= x1
OCTET_BINARY(Less);          // x0 < x1
OCTET_BINARY(LessEqual);     // x0 <= x1

#define OCTET_COMPARE_SCALAR(Type)                       \
  struct Type {                                          \
    OCTET_ATTRIBUTES(Type, val)                          \
    static constexpr std::array kInputs{InputSpec{"x"}}; \
    double val = 1.0;                                    \
  }
OCTET_COMPARE_SCALAR(EqualScalar);         // x == val
OCTET_COMPARE_SCALAR(NotEqualScalar);      // x != val
OCTET_COMPARE_SCALAR(GreaterScalar);       // x > val
OCTET_COMPARE_SCALAR(GreaterEqualScalar);  // x >= val
OCTET_COMPARE_SCALAR(LessScalar);          // x < val
OCTET_COMPARE_SCALAR(LessEqualScalar);     // x <= val
#undef OCTET_COMPARE_SCALAR

}  // namespace octet
