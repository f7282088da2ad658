// Finding and replacing NaN and infinity.
#pragma once

#include "octet/ops/elementwise.h"

namespace octet {

OCTET_UNARY(IsNaN);  // 1 where x is NaN, else 0, as floats; no gradient
OCTET_UNARY(IsInf);  // 1 where x is infinite, of either sign, else 0; likewise

// `val` where x is NaN, else x; no gradient where it was replaced.
struct ResetNaN {
  OCTET_ATTRIBUTES(ResetNaN, val)
  static constexpr std::array kInputs{InputSpec{"x"}};
  double val = 0.0;
};

// `val` where x is infinite, of either sign, else x; no gradient where it was replaced.
struct ResetInf {
  OCTET_ATTRIBUTES(ResetInf, val)
  static constexpr std::array kInputs{InputSpec{"x"}};
  double val = 0.0;
};

}  // namespace octet
