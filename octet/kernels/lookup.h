// Functions of one byte by a table of all 256. Vectorized, and the same on every processor.
#pragma once

#include <array>
#include <cstdint>

namespace octet::kernels {

inline constexpr int kBytes = 256;

// y = table[x]. May be in place.
void lookup(const uint8_t* x, const std::array<uint8_t, kBytes>& table, int64_t count, uint8_t* y);

// dx = dy * slope[x]. May be in place.
void lookup_gradient(const float* dy, const uint8_t* x, const std::array<float, kBytes>& slope,
                     int64_t count, float* dx);

}  // namespace octet::kernels
