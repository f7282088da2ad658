// The integers of weights, with one scale or one for each channel, and back. Vectorized, and the
// same to the bit on every processor and for any number of threads.
#pragma once

#include <cstdint>
#include <span>

#include "octet/base/qparams.h"

namespace octet::kernels {

// The integers of a weight, or a bias, as whole floats. w: [outer][channels][inner]; scale and
// zero_point have one value or one for each channel.
struct WeightQuantization {
  int64_t outer = 1, channels = 1, inner = 1;
  std::span<const float> scale;
  std::span<const float> zero_point;
  // Of the integers: the largest float32 that is none beyond them.
  float lowest = -128, highest = 127;
  RoundMode round_mode = RoundMode::HALF_TO_EVEN;
  Ste ste = Ste::CLIPPED;
};

// q = clamp(round(w / scale) + zero_point). False if w is not finite throughout.
bool quantize_weights(const WeightQuantization& quantization, const float* w, float* q);
// dw = inside ? dq / scale : 0; w as it was.
void quantize_weights_backward(const WeightQuantization& quantization, const float* w,
                               const float* dq, float* dw);

}  // namespace octet::kernels
