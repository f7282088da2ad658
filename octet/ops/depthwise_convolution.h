// Convolution of each channel by itself, in one to three dimensions.
//
// x: leading base_axis dimensions, then (C, spatial...). weight: (C * multiplier, kernel...):
// output channel c * multiplier + m is input channel c with kernel c * multiplier + m. bias: (C *
// multiplier). Output extent: floor((n + 2 pad - dilation (k - 1) - 1) / stride) + 1.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct DepthwiseConvolution {
  OCTET_ATTRIBUTES(DepthwiseConvolution, base_axis, pad, stride, dilation, multiplier)
  static constexpr std::array kInputs{InputSpec{"x"}, kWeight, kBias};
  int64_t base_axis = 1;  // the dimension of the channels
  Shape pad = {};         // per spatial dimension; empty means 0
  Shape stride = {};      // empty means 1
  Shape dilation = {};    // empty means 1
  int64_t multiplier = 1;
};

}  // namespace octet
