// Splits x along `axis` into as many outputs as that axis is long; the axis disappears.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Split {
  OCTET_ATTRIBUTES(Split, axis)
  static constexpr std::array kInputs{InputSpec{"x"}};
  static constexpr bool kManyOutputs = true;
  int64_t axis = 0;
};

}  // namespace octet
