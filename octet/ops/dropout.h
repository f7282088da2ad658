// Dropout (Srivastava et al., 2014), scaled so that the expected value stays: each element is kept
// with probability 1 - p and divided by 1 - p, else it becomes 0. It always drops; a network for
// validation is built without it.
//
// The draws come from the run's random state, or from the operation's own `seed` if that is not
// negative: the same mask then in every run. Throws Error unless 0 <= p < 1.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Dropout {
  OCTET_ATTRIBUTES(Dropout, p, seed)
  static constexpr std::array kInputs{InputSpec{"x"}};
  double p = 0.5;
  int64_t seed = -1;
};

}  // namespace octet
