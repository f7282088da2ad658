#include "octet/kernels/global_pooling.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace octet::kernels {

namespace {

// An image as [blocks][pixels][lanes].
struct Extents {
  int64_t images, blocks, pixels, lanes;
};

Extents extents_of(const Shape& shape, Layout layout) {
  const int64_t lanes = lanes_of(layout, shape[1]);
  return {shape[0], shape[1] / lanes, shape[2] * shape[3], lanes};
}

// Calls body(row, elements): of each image's blocks, where its channels lie in (N, C), and where
// its first pixel lies.
template <class Body>
void for_each_block(const Extents& e, const Body& body) {
  const int64_t blocks = e.images * e.blocks;
#pragma omp parallel for
  for (int64_t block = 0; block < blocks; ++block) {
    body(block * e.lanes, block * e.pixels * e.lanes);
  }
}

}  // namespace

template <class T>
void sum_pixels(const T* x, const Shape& shape, Layout layout, int32_t zero_point, float* sums) {
  // Integers are added up as such: exact in any order.
  using Sum = std::conditional_t<std::is_same_v<T, float>, float, int32_t>;
  const Extents e = extents_of(shape, layout);
  const auto offset = static_cast<Sum>(zero_point * e.pixels);
  for_each_block(e, [&](int64_t channels, int64_t elements) {
    const T* values = x + elements;
    float* target = sums + channels;
    constexpr int64_t kTile = 16;
    for (int64_t first = 0; first < e.lanes; first += kTile) {
      const int64_t count = std::min(kTile, e.lanes - first);
      Sum totals[kTile] = {};
      for (int64_t pixel = 0; pixel < e.pixels; ++pixel) {
        const T* row = values + pixel * e.lanes + first;
        for (int64_t lane = 0; lane < count; ++lane) totals[lane] += static_cast<Sum>(row[lane]);
      }
      for (int64_t lane = 0; lane < count; ++lane) {
        target[first + lane] = static_cast<float>(totals[lane] - offset);
      }
    }
  });
}

template void sum_pixels(const int8_t*, const Shape&, Layout, int32_t, float*);
template void sum_pixels(const uint8_t*, const Shape&, Layout, int32_t, float*);
template void sum_pixels(const float*, const Shape&, Layout, int32_t, float*);

void sum_images(const float* sums, int64_t images, int64_t channels, float* total) {
  std::fill_n(total, channels, 0.0F);
  for (int64_t i = 0; i < images * channels; ++i) total[i % channels] += sums[i];
}

void spread_to_pixels(const float* dy, const Shape& shape, Layout layout, float factor, float* dx) {
  const Extents e = extents_of(shape, layout);
  for_each_block(e, [&](int64_t channels, int64_t elements) {
    const float* source = dy + channels;
    float* target = dx + elements;
    for (int64_t pixel = 0; pixel < e.pixels; ++pixel) {
      for (int64_t lane = 0; lane < e.lanes; ++lane) {
        target[pixel * e.lanes + lane] = factor * source[lane];
      }
    }
  });
}

void spread_bytes_to_pixels(const uint8_t* x, const Shape& shape, Layout layout, uint8_t* y) {
  const Extents e = extents_of(shape, layout);
  for_each_block(e, [&](int64_t channels, int64_t elements) {
    const uint8_t* source = x + channels;
    uint8_t* target = y + elements;
    if (e.lanes == 1) {
      std::memset(target, *source, e.pixels);
      return;
    }
    for (int64_t pixel = 0; pixel < e.pixels; ++pixel) {
      std::memcpy(target + pixel * e.lanes, source, e.lanes);
    }
  });
}

}  // namespace octet::kernels
