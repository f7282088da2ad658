// What loops over the windows of images share.
#pragma once

#include <algorithm>
#include <cstdint>

#include "octet/kernels/pooling_shape.h"

namespace octet::kernels {

// Images whose pixels are rows of `lanes` values.
struct Images {
  int64_t count;  // images that lie apart: N, or N * blocks
  int64_t lanes;
  int64_t in_size, out_size;  // values of one image
};

inline Images images_of(const PoolingShape& s, Layout layout) {
  const int64_t lanes = lanes_of(layout, s.channels);
  return {s.batch * s.channels / lanes, lanes, s.in_height * s.in_width * lanes,
          s.out_height * s.out_width * lanes};
}

// Those of a window's places that lie inside of the image.
struct WindowRange {
  int64_t first, last;
};

inline WindowRange inside(int64_t start, int64_t kernel, int64_t extent) {
  return {std::max<int64_t>(0, -start), std::min(kernel, extent - start)};
}

// The window of one pixel of the output.
struct Window {
  int64_t top, left;
  WindowRange rows, columns;

  Window(const PoolingShape& s, int64_t oh, int64_t ow)
      : top(oh * s.stride_h - s.pad_top),
        left(ow * s.stride_w - s.pad_left),
        rows(inside(top, s.kernel_h, s.in_height)),
        columns(inside(left, s.kernel_w, s.in_width)) {}
};

// Makes dx of the windows of all pixels: calls body(window, pixel, at, image) for each, in one
// order for each image; `at` is where the pixel's values begin in the output, `image` its image in
// dx, which is 0 before.
template <class Body>
void scatter_windows(const PoolingShape& s, Layout layout, float* dx, const Body& body) {
  const Images images = images_of(s, layout);
#pragma omp parallel for
  for (int64_t i = 0; i < images.count; ++i) {
    float* image = dx + i * images.in_size;
    std::fill_n(image, images.in_size, 0.0F);
    for (int64_t oh = 0; oh < s.out_height; ++oh) {
      for (int64_t ow = 0; ow < s.out_width; ++ow) {
        const int64_t pixel = oh * s.out_width + ow;
        body(Window(s, oh, ow), pixel, i * images.out_size + pixel * images.lanes, image);
      }
    }
  }
}

}  // namespace octet::kernels
