// Repeats each value kernel[i] times along spatial dimension i: nearest-neighbour upsampling.
//
// x: (..., spatial...), or (..., spatial..., C) with channel_last, as many spatial dimensions as
// the kernel has values. y: each spatial extent times its kernel value.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Unpooling {
  OCTET_ATTRIBUTES(Unpooling, kernel, channel_last)
  static constexpr std::array kInputs{InputSpec{"x"}};
  Shape kernel = {};
  bool channel_last = false;
};

}  // namespace octet
