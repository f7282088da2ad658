// Sums over the pixels of each channel of an image, and back.
#pragma once

#include <cstdint>

#include "octet/kernels/layout.h"

namespace octet::kernels {

// x: (N, C, H, W) in `layout`; sums: (N, C), of x - zero_point, whole numbers below 2^24 exactly.
// T: int8_t, uint8_t, or float (whose zero point is 0).
template <class T>
void sum_pixels(const T* x, const Shape& shape, Layout layout, int32_t zero_point, float* sums);

// total (C): the sum of `images` rows of C sums, in the order of the images.
void sum_images(const float* sums, int64_t images, int64_t channels, float* total);

// dx = factor * dy of its channel: dy (N, C), dx (N, C, H, W) in `layout`.
void spread_to_pixels(const float* dy, const Shape& shape, Layout layout, float factor, float* dx);

// y = x of its channel, likewise.
void spread_bytes_to_pixels(const uint8_t* x, const Shape& shape, Layout layout, uint8_t* y);

}  // namespace octet::kernels
