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

}  // namespace octet::kernels
