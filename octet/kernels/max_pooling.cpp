#include "octet/kernels/max_pooling.h"

#include <algorithm>
#include <limits>

namespace octet::kernels {

namespace {

// Images whose pixels are rows of `lanes` values, `stride` apart.
struct Images {
  int64_t count;  // images that lie apart: N, or N * blocks
  int64_t lanes;
  int64_t in_size, out_size;  // values of one image
};

Images images_of(const PoolingShape& s, Layout layout) {
  int64_t lanes = 1;
  switch (layout) {
    case Layout::kChannelsLast:
      lanes = s.channels;
      break;
    case Layout::kBlocked8:
      lanes = 8;
      break;
    case Layout::kBlocked16:
      lanes = 16;
      break;
    default:
      break;
  }
  return {s.batch * s.channels / lanes, lanes, s.in_height * s.in_width * lanes,
          s.out_height * s.out_width * lanes};
}

struct Range {
  int64_t first, last;  // of the kernel: those inside the image
};

Range inside(int64_t start, int64_t kernel, int64_t extent) {
  return {std::max<int64_t>(0, -start), std::min(kernel, extent - start)};
}

template <class T>
void pool_pixel(const PoolingShape& s, const T* image, int64_t lanes, int64_t oh, int64_t ow, T* y,
                uint8_t* winner) {
  const int64_t top = oh * s.stride_h - s.pad_top, left = ow * s.stride_w - s.pad_left;
  const Range rows = inside(top, s.kernel_h, s.in_height);
  const Range columns = inside(left, s.kernel_w, s.in_width);
  std::fill_n(y, lanes, std::numeric_limits<T>::lowest());
  if (winner != nullptr) {
    std::fill_n(winner, lanes, static_cast<uint8_t>(rows.first * s.kernel_w + columns.first));
  }
  for (int64_t i = rows.first; i < rows.last; ++i) {
    for (int64_t j = columns.first; j < columns.last; ++j) {
      const T* x = image + ((top + i) * s.in_width + left + j) * lanes;
      const auto place = static_cast<uint8_t>(i * s.kernel_w + j);
      if (winner == nullptr) {
        for (int64_t l = 0; l < lanes; ++l) y[l] = x[l] > y[l] ? x[l] : y[l];
        continue;
      }
      for (int64_t l = 0; l < lanes; ++l) {
        winner[l] = x[l] > y[l] ? place : winner[l];
        y[l] = x[l] > y[l] ? x[l] : y[l];
      }
    }
  }
}

}  // namespace

template <class T>
void max_pool(const PoolingShape& s, Layout layout, const T* x, T* y, uint8_t* winner) {
  const Images images = images_of(s, layout);
#pragma omp parallel for collapse(2)
  for (int64_t image = 0; image < images.count; ++image) {
    for (int64_t oh = 0; oh < s.out_height; ++oh) {
      for (int64_t ow = 0; ow < s.out_width; ++ow) {
        const int64_t at = image * images.out_size + (oh * s.out_width + ow) * images.lanes;
        pool_pixel(s, x + image * images.in_size, images.lanes, oh, ow, y + at,
                   winner == nullptr ? nullptr : winner + at);
      }
    }
  }
}

template void max_pool(const PoolingShape&, Layout, const float*, float*, uint8_t*);
template void max_pool(const PoolingShape&, Layout, const int8_t*, int8_t*, uint8_t*);
template void max_pool(const PoolingShape&, Layout, const uint8_t*, uint8_t*, uint8_t*);

void max_pool_backward(const PoolingShape& s, Layout layout, const float* dy, const uint8_t* winner,
                       float* dx) {
  const Images images = images_of(s, layout);
#pragma omp parallel for
  for (int64_t image = 0; image < images.count; ++image) {
    float* target = dx + image * images.in_size;
    std::fill_n(target, images.in_size, 0.0F);
    for (int64_t oh = 0; oh < s.out_height; ++oh) {
      for (int64_t ow = 0; ow < s.out_width; ++ow) {
        const int64_t at = image * images.out_size + (oh * s.out_width + ow) * images.lanes;
        const int64_t top = oh * s.stride_h - s.pad_top, left = ow * s.stride_w - s.pad_left;
        for (int64_t l = 0; l < images.lanes; ++l) {
          const int64_t row = top + winner[at + l] / s.kernel_w;
          const int64_t column = left + winner[at + l] % s.kernel_w;
          target[(row * s.in_width + column) * images.lanes + l] += dy[at + l];
        }
      }
    }
  }
}

}  // namespace octet::kernels
