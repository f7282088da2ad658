// Sums that another kernel has left in memory, made integers: requantization.h in vectors, on every
// processor of the machine. The results are those of IntegerConvolution, bit by bit, whatever the
// instruction set and the number of threads.
#pragma once

#include <cstdint>
#include <span>

#include "octet/kernels/layout.h"
#include "octet/kernels/requantization.h"

namespace octet::kernels {

// `acc`, `y` and `passes` lie as `rows` says. acc: whole numbers (float32, exact below 2^24). y:
// int8 if `is_signed`, else uint8. passes: null or rows.rows() * bit_row_bytes(rows) bytes; one bit
// for each element, set where the gradient passes, and zeros to the end of each row's last byte.
void requantize(const float* acc, const ChannelRows& rows, const Requantization& requantization,
                bool is_signed, void* y, uint8_t* passes);
void requantize(const int32_t* acc, const ChannelRows& rows, const Requantization& requantization,
                bool is_signed, void* y, uint8_t* passes);

// The gradient of acc: passes ? dy * multiplier[channel] : 0, in float32. `multiplier` has one
// value or one for each channel. Without `passes` every gradient passes. `dacc` may be `dy`.
void requantize_backward(const float* dy, const ChannelRows& rows,
                         std::span<const float> multiplier, const uint8_t* passes, float* dacc);

// x - zero_point of `count` integers, int8 if `is_signed`, else uint8.
void to_float(const void* x, bool is_signed, int32_t zero_point, int64_t count, float* y);

}  // namespace octet::kernels
