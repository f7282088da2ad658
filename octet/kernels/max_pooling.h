// Maximum over windows of an image, for 8-bit integers and floats, in any layout.
#pragma once

#include <cstdint>

#include "octet/kernels/pooling_shape.h"

namespace octet::kernels {

// y: the maximum of each window's values inside the image; `winner` (null if not wanted) its place
// in the window, row by row, the first of equal ones. At most 255 places. Both are in the layout of
// x, which is one of (N, C, H, W) values. T: float, int8_t or uint8_t.
template <class T>
void max_pool(const PoolingShape& shape, Layout layout, const T* x, T* y, uint8_t* winner);

// dx: the sum of the gradients of the windows that each value won.
void max_pool_backward(const PoolingShape& shape, Layout layout, const float* dy,
                       const uint8_t* winner, float* dx);

}  // namespace octet::kernels
