// Sums that another kernel has left in memory, made integers: requantization.h in vectors, on every
// processor of the machine. The results are those of IntegerConvolution, bit by bit, whatever the
// instruction set and the number of threads.
#pragma once

#include <cstdint>

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

}  // namespace octet::kernels
