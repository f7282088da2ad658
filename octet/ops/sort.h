// Sorts x along `axis`, ascending or (reverse) descending; equal values keep their order.
//
// Outputs: the values; with with_index the values and where each came from along the axis (int64);
// with only_index just that.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Sort {
  OCTET_ATTRIBUTES(Sort, axis, reverse, with_index, only_index)
  static constexpr std::array kInputs{InputSpec{"x"}};
  int64_t axis = -1;
  bool reverse = false;
  bool with_index = false;
  bool only_index = false;
};

}  // namespace octet
