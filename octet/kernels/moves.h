// Functions that move values without looking at them: bytes or floats, in any layout. For any
// number of threads the same.
#pragma once

#include <cstdint>
#include <vector>

#include "octet/kernels/layout.h"

namespace octet::kernels {

inline constexpr int32_t kNoPixel = -1;

// Which pixel of each image of x every pixel of y is; kNoPixel where it is `fill`.
struct PixelMap {
  int64_t in_pixels = 0;
  std::vector<int32_t> source;
};

// x: (N, C, H, W) = `shape` in `layout`; y: likewise, with map.source.size() pixels. fill: one
// element of `element_bytes` bytes (1 or 4).
void move_pixels(const void* x, const Shape& shape, Layout layout, int64_t element_bytes,
                 const PixelMap& map, const void* fill, void* y);

// dx: the sum of the gradients of the pixels that each pixel of x became.
void move_pixels_backward(const float* dy, const Shape& shape, Layout layout, const PixelMap& map,
                          float* dx);

// `count` pieces of memory of `bytes` bytes each, which begin this many bytes apart.
struct Pieces {
  int64_t count = 1;
  int64_t bytes = 0;
  int64_t from_stride = 0;
  int64_t to_stride = 0;
};

void copy_pieces(const void* from, const Pieces& pieces, void* to);

}  // namespace octet::kernels
