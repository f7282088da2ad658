// Convolution in one, two or three dimensions (cross-correlation, as everywhere in deep learning).
//
// x: leading base_axis dimensions, then (C, spatial...); or (spatial..., C) with channel_last.
// weight: (outmaps, C / group, kernel...); with channel_last (outmaps, kernel..., C / group).
// bias: (outmaps). Output extent: floor((n + 2 pad - dilation (k - 1) - 1) / stride) + 1.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Convolution {
  OCTET_ATTRIBUTES(Convolution, base_axis, pad, stride, dilation, group, channel_last)
  static constexpr std::array kInputs{InputSpec{"x"}, kWeight, kBias};
  int64_t base_axis = 1;  // the first dimension that is not a batch dimension: the channels
  Shape pad = {};         // per spatial dimension; empty means 0
  Shape stride = {};      // empty means 1
  Shape dilation = {};    // empty means 1
  int64_t group = 1;
  bool channel_last = false;
};

}  // namespace octet
