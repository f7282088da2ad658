// Running sums and products along `axis`: y[i] = x[0] + ... + x[i].
//
// exclusive: y[i] leaves out x[i] (it starts with 0, or 1 for the product). reverse: from the end.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct CumSum {
  OCTET_ATTRIBUTES(CumSum, axis, exclusive, reverse)
  static constexpr std::array kInputs{InputSpec{"x"}};
  int64_t axis = 0;
  bool exclusive = false;
  bool reverse = false;
};

struct CumProd {
  OCTET_ATTRIBUTES(CumProd, axis, exclusive, reverse)
  static constexpr std::array kInputs{InputSpec{"x"}};
  int64_t axis = 0;
  bool exclusive = false;
  bool reverse = false;
};

}  // namespace octet
