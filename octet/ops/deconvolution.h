// Transposed convolution in one, two or three dimensions: the gradient of Convolution with respect
// to its input.
//
// x: leading base_axis dimensions, then (C, spatial...); or (spatial..., C) with channel_last.
// weight: (C, outmaps / group, kernel...); with channel_last (C, kernel..., outmaps / group).
// bias: (outmaps). Output extent: (n - 1) stride - 2 pad + dilation (k - 1) + 1 + output_padding.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Deconvolution {
  OCTET_ATTRIBUTES(Deconvolution, base_axis, pad, stride, dilation, group, channel_last,
                   output_padding)
  static constexpr std::array kInputs{InputSpec{"x"}, kWeight, kBias};
  int64_t base_axis = 1;  // the first dimension that is not a batch dimension
  Shape pad = {};         // per spatial dimension, taken off the output; empty means 0
  Shape stride = {};      // empty means 1
  Shape dilation = {};    // empty means 1
  int64_t group = 1;
  bool channel_last = false;
  Shape output_padding = {};  // added at the end; below stride or dilation; empty means 0
};

}  // namespace octet
