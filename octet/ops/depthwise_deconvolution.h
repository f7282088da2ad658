// Transposed convolution of each channel by itself; each run of `divisor` neighbouring channels is
// then summed into one output channel.
//
// x: leading base_axis dimensions, then (C, spatial...). weight: (C, kernel...). bias: (C /
// divisor). Output extent: (n - 1) stride - 2 pad + dilation (k - 1) + 1.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct DepthwiseDeconvolution {
  OCTET_ATTRIBUTES(DepthwiseDeconvolution, base_axis, pad, stride, dilation, divisor)
  static constexpr std::array kInputs{InputSpec{"x"}, kWeight, kBias};
  int64_t base_axis = 1;  // the dimension of the channels
  Shape pad = {};         // per spatial dimension, taken off the output; empty means 0
  Shape stride = {};      // empty means 1
  Shape dilation = {};    // empty means 1
  int64_t divisor = 1;
};

}  // namespace octet
