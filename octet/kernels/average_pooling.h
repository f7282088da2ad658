// Sums over windows of an image, each times a factor of its own, in any layout.
#pragma once

#include <span>

#include "octet/kernels/pooling_shape.h"

namespace octet::kernels {

// y = factor * the sum of x - zero_point over the window, of what lies inside the image; of bytes
// the sum is exact below 2^24. x: (N, C, H, W) in `layout`; y likewise; factors: one for each pixel
// of y. T: int8_t, uint8_t, or float (whose zero point is 0).
template <class T>
void average_pool(const PoolingShape& shape, Layout layout, const T* x, int32_t zero_point,
                  std::span<const float> factors, float* y);

// dx: the sum of dy * factor over the windows that hold each value.
void average_pool_backward(const PoolingShape& shape, Layout layout, const float* dy,
                           std::span<const float> factors, float* dx);

}  // namespace octet::kernels
