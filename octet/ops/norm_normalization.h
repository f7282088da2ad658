// y = x / (sum |x|^p + eps)^(1/p), the sum over `axes` (empty: over all of x).
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct NormNormalization {
  OCTET_ATTRIBUTES(NormNormalization, p, axes, eps)
  static constexpr std::array kInputs{InputSpec{"x"}};
  float p = 2.0F;  // at least 1
  IntList axes = {};
  float eps = 1e-12F;
};

}  // namespace octet
