// What the gradients of integers become on their way back: loops over memory, the same to the bit
// on every processor and for any number of threads. Gradients are computed in float32 and rounded
// once where they go to bfloat16 (gradient.h).
#pragma once

#include <cstdint>
#include <span>

#include "octet/kernels/gradient.h"
#include "octet/kernels/layout.h"

namespace octet::kernels {

// The gradient of the sums that requantize() made integers of: passes ? dy * multiplier[channel] :
// 0. `multiplier` has one value or one for each channel. Without `passes`, which lie as
// requantize.h says, every gradient passes. `dacc` may be `dy`, of the same type.
void requantize_backward(const Gradient& dy, const ChannelRows& rows,
                         std::span<const float> multiplier, const uint8_t* passes,
                         const Gradient& dacc);

// da = passes ? dy * factor_a : 0, db likewise; either may be null, and da or db may be dy, of the
// same type. The bits lie without gaps, as quantize.h says.
void masked_scale(const Gradient& dy, const uint8_t* passes, float factor_a, float factor_b,
                  int64_t count, const Gradient& da, const Gradient& db);

// dx = dy * factor. May be in place.
void scale_gradient(const Gradient& dy, float factor, int64_t count, const Gradient& dx);

// y += x, of the same type.
void add_gradient(const Gradient& x, const Gradient& y, int64_t count);

// x - zero_point of `count` integers, int8 if `is_signed`, else uint8: exact in bfloat16 too.
void widen(const void* x, bool is_signed, int32_t zero_point, int64_t count, const Gradient& y);

}  // namespace octet::kernels
