// From the sums of an integer layer to its result: what every kernel does in the end, exactly as
// octet/ops/integer_output.h defines it.
#pragma once

#include <cstdint>
#include <span>

#include "octet/base/qparams.h"

namespace octet::kernels {

enum class Activation : uint8_t { kNone, kReLU, kReLU6 };

// steps = (float(acc + bias) + offset) * multiplier              per channel, in float32
// r     = round(activation(steps)) + zero_point
// y     = clamp(r, qmin, qmax)
// The gradient passes (STE) where the activation does not cut (steps > 0; for ReLU6 also
// steps < six) and, with ste CLIPPED, where y == r.
struct Requantization {
  std::span<const float> multiplier;  // one value or one for each channel
  std::span<const int32_t> bias;      // empty or one for each channel; in units of the accumulator
  std::span<const float> offset;      // the same, not whole: a bias that stays float; empty or C
  Activation activation = Activation::kNone;
  float six = 6;  // 6 / y_scale
  int32_t zero_point = 0;
  int32_t qmin = -128;
  int32_t qmax = 127;
  RoundMode round_mode = RoundMode::HALF_TO_EVEN;
  Ste ste = Ste::CLIPPED;
};

}  // namespace octet::kernels
