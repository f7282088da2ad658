// Matrix products of the last two dimensions: y = a b, with a (..., M, K) and b (..., K, N), or
// transposed where asked for. The leading dimensions broadcast. As in numpy.matmul, an operand of
// one dimension is a vector, a (K) or b (K), and its M or N is left out of y. Integers are
// multiplied and added in their own type. ONNX's MatMul; MatMulInteger is this on operands cast to
// float64, less their zero points, with the result cast to int32: float64 holds all these sums
// exactly.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct BatchMatmul {
  OCTET_ATTRIBUTES(BatchMatmul, transpose_a, transpose_b)
  static constexpr std::array kInputs{InputSpec{"a"}, InputSpec{"b"}};
  bool transpose_a = false;  // a is (..., K, M)
  bool transpose_b = false;  // b is (..., N, K)
};

}  // namespace octet
