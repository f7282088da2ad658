// Local response normalization across channels (Krizhevsky et al., 2012, section 3.3):
//   y = x / (bias + alpha / size * s)^beta,   s[c] = sum of x^2 over the channels
//   c - floor((size - 1) / 2) to c + ceil((size - 1) / 2), as far as they exist.
// x: (N, C, ...), floats. ONNX's LRN.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct LRN {
  OCTET_ATTRIBUTES(LRN, size, alpha, beta, bias)
  static constexpr std::array kInputs{InputSpec{"x"}};
  int64_t size = 5;
  float alpha = 1e-4F;
  float beta = 0.75F;
  float bias = 1.0F;
};

}  // namespace octet
