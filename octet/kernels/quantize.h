// Loops over values with one scale, between floats and 8-bit integers, in whatever layout all
// operands share. Vectorized, and the same to the bit on every processor and for any number of
// threads.
//
// Gradient bits (`passes`): bit i % 8 of byte i / 8 says whether the straight-through estimator
// passes the gradient of element i.
#pragma once

#include <cstdint>

#include "octet/kernels/requantization.h"

namespace octet::kernels {

// 8-bit integers q that stand for (q - zero_point) * scale.
struct QuantizedOperand {
  const void* data = nullptr;
  bool is_signed = true;
  int32_t zero_point = 0;
  float scale = 1;
};

// q = clamp(round(activation(x) / scale) + zero_point); `output` as in requantization.h with six =
// 6 in real numbers; its multiplier is not used, and its qmin and qmax say whether q is int8 or
// uint8. passes: null if not wanted. False if activation(x) is not finite throughout; it keeps NaN.
bool quantize(const float* x, const Requantization& output, float scale, int64_t count, void* q,
              uint8_t* passes);

// y = (q - zero_point) * scale
void dequantize(const QuantizedOperand& x, int64_t count, float* y);

}  // namespace octet::kernels
