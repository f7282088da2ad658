// Matrix products of the last two dimensions: y = a b, with a (..., M, K) and b (..., K, N), or
// transposed where asked for. The leading dimensions broadcast.
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
