// Quantizes x to uint8 by the range that it happens to have: ONNX's DynamicQuantizeLinear.
//
// Outputs: y (x's shape, uint8), scale (a number, float32), zero_point (a number, uint8). With m
// and M the least and the largest value, zero among them: scale = (M - m) / 255, zero_point =
// clamp(round(-m / scale)), y = clamp(round(x / scale) + zero_point), halves to even. If x is zero
// everywhere, scale is 1. No gradient.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct DynamicQuantizeLinear {
  OCTET_ATTRIBUTES(DynamicQuantizeLinear)
  static constexpr std::array kInputs{InputSpec{"x"}};
  static constexpr bool kManyOutputs = true;
};

}  // namespace octet
