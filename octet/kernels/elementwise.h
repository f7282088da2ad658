// Loops over the elements of values, in whatever layout all of them share. Vectorized for the
// processor that runs them, and the same to the bit on each and for any number of threads.
//
// Gradient bits (`passes`): bit i % 8 of byte i / 8 says whether the straight-through estimator
// passes the gradient of element i.
#pragma once

#include <cstdint>
#include <span>

#include "octet/base/qparams.h"
#include "octet/kernels/layout.h"
#include "octet/kernels/requantization.h"

namespace octet::kernels {

// ---- floats --------------------------------------------------------------------------------

// y += x
void add(const float* x, float* y, int64_t count);

// y = a + b; with `relu` max(a + b, 0).
void sum(const float* a, const float* b, int64_t count, bool relu, float* y);

// y = min(max(x, 0), bound), of which the bound may be infinite. May be in place.
void relu(const float* x, float bound, int64_t count, float* y);
// dx = 0 < y < bound ? dy : 0. May be in place.
void relu_backward(const float* dy, const float* y, float bound, int64_t count, float* dx);

// y = factor * x. May be in place.
void scale(const float* x, float factor, int64_t count, float* y);

// y = float(acc + bias[channel]); bias is empty or has a value for each channel of `rows`.
void finish_sums(const int32_t* acc, const ChannelRows& rows, std::span<const int32_t> bias,
                 float* y);

// ---- one scale -----------------------------------------------------------------------------

// 8-bit integers q that stand for (q - zero_point) * scale.
struct QuantizedOperand {
  const void* data = nullptr;
  bool is_signed = true;
  int32_t zero_point = 0;
  float scale = 1;
};

// q = clamp(round(x / scale) + zero_point); `output` as in requantization.h, of which neither
// multiplier nor activation count. passes: null if not wanted. False if x is not finite
// throughout.
bool quantize(const float* x, const Requantization& output, float scale, int64_t count,
              bool is_signed, void* q, uint8_t* passes);

// y = (q - zero_point) * scale
void dequantize(const QuantizedOperand& x, int64_t count, float* y);

// y = clamp(round(act(a + b) / y_scale) + zero_point) of the real numbers (q - zero_point) * scale,
// in float32, operation by operation (ops/quantized_arithmetic.h). `output` as in requantization.h
// with six = 6 in real numbers; its multiplier is not used.
void quantized_add(const QuantizedOperand& a, const QuantizedOperand& b,
                   const Requantization& output, float y_scale, int64_t count, bool is_signed,
                   void* y, uint8_t* passes);

// The same of one operand: y = clamp(round(act(x) / y_scale) + zero_point).
void change_scale(const QuantizedOperand& x, const Requantization& output, float y_scale,
                  int64_t count, bool is_signed, void* y, uint8_t* passes);

// da = passes ? dy * factor_a : 0, db likewise; either may be null, and da or db may be dy.
void masked_scale(const float* dy, const uint8_t* passes, float factor_a, float factor_b,
                  int64_t count, float* da, float* db);

// ---- a scale for each row --------------------------------------------------------------------

// The integers of a weight as whole floats. w: [outer][channels][inner]; scale and zero_point have
// one value or one for each channel.
struct WeightQuantization {
  int64_t outer = 1, channels = 1, inner = 1;
  std::span<const float> scale;
  std::span<const float> zero_point;
  int32_t qmin = -128, qmax = 127;
  RoundMode round_mode = RoundMode::HALF_TO_EVEN;
  Ste ste = Ste::CLIPPED;
};

// q = clamp(round(w / scale) + zero_point). False if w is not finite throughout.
bool quantize_weights(const WeightQuantization& quantization, const float* w, float* q);
// dw = inside ? dq / scale : 0; w as it was.
void quantize_weights_backward(const WeightQuantization& quantization, const float* w,
                               const float* dq, float* dw);

}  // namespace octet::kernels
