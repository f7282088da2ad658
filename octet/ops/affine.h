// The fully connected layer: y = x W + b.
//
// x: leading base_axis dimensions, then any dimensions with I elements in all. weight: (I, out...).
// bias: (out...). y: the leading dimensions, then (out...).
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Affine {
  OCTET_ATTRIBUTES(Affine, base_axis)
  static constexpr std::array kInputs{InputSpec{"x"}, kWeight, kBias};
  int64_t base_axis = 1;  // the number of batch dimensions
};

}  // namespace octet
