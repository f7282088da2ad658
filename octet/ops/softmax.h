// Softmax and its logarithm along one axis. Both subtract the maximum first and so do not overflow.
// Throw Error for an axis that x does not have.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

// y_i = e^(x_i) / sum_j e^(x_j), j along `axis`.
struct Softmax {
  OCTET_ATTRIBUTES(Softmax, axis)
  static constexpr std::array kInputs{InputSpec{"x"}};
  int64_t axis = -1;
};

// y_i = x_i - log sum_j e^(x_j), j along `axis`.
struct LogSoftmax {
  OCTET_ATTRIBUTES(LogSoftmax, axis)
  static constexpr std::array kInputs{InputSpec{"x"}};
  int64_t axis = -1;
};

}  // namespace octet
