#include "octet/kernels/average_pooling.h"

#include <type_traits>

#include "octet/kernels/pooling_windows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/average_pooling.cpp"
#include "octet/kernels/simd_targets.h"
// Compiles the rest of this file once for each instruction set.
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// As many neighbouring channels as Tag has floats.
template <class Tag, class T>
HWY_INLINE hn::Vec<Tag> load_values(Tag tag, const T* x, hn::Vec<Tag> zero_point) {
  if constexpr (std::is_same_v<T, float>) {
    return hn::LoadU(tag, x);
  } else {
    const hn::RebindToSigned<Tag> ints;
    const hn::Rebind<T, Tag> bytes;
    // Whole numbers below 2^24, so that the order of the sums does not matter.
    return hn::Sub(hn::ConvertTo(tag, hn::PromoteTo(ints, hn::LoadU(bytes, x))), zero_point);
  }
}

struct WindowSum {
  const PoolingShape& shape;
  const Window& window;
  int64_t lanes;
  float zero_point;
  float factor;
};

// x: where the window's first place would be.
template <class Tag, class T>
HWY_INLINE void pool_channels(Tag tag, const WindowSum& of, const T* x, float* y) {
  const Window& window = of.window;
  const auto zero_point = hn::Set(tag, of.zero_point);
  auto sum = hn::Zero(tag);
  for (int64_t i = window.rows.first; i < window.rows.last; ++i) {
    for (int64_t j = window.columns.first; j < window.columns.last; ++j) {
      const T* place = x + (i * of.shape.in_width + j) * of.lanes;
      sum = hn::Add(sum, load_values(tag, place, zero_point));
    }
  }
  hn::StoreU(hn::Mul(sum, hn::Set(tag, of.factor)), tag, y);
}

template <class T>
void pool_pixel(const WindowSum& of, const T* image, float* y) {
  const T* x = image + (of.window.top * of.shape.in_width + of.window.left) * of.lanes;
  int64_t l = 0;
  const auto pool = [&](auto tag) {
    const int64_t count = hn::Lanes(tag);
    for (; l + count <= of.lanes; l += count) pool_channels(tag, of, x + l, y + l);
  };
  pool(hn::CappedTag<float, 8>());
  pool(hn::CappedTag<float, 1>());
}

template <class T>
void average_pool_any(const PoolingShape& s, Layout layout, const T* x, int32_t zero_point,
                      const float* factors, float* y) {
  const Images images = images_of(s, layout);
#pragma omp parallel for collapse(2)
  for (int64_t image = 0; image < images.count; ++image) {
    for (int64_t oh = 0; oh < s.out_height; ++oh) {
      for (int64_t ow = 0; ow < s.out_width; ++ow) {
        const int64_t pixel = oh * s.out_width + ow;
        const Window window(s, oh, ow);
        pool_pixel(
            WindowSum{s, window, images.lanes, static_cast<float>(zero_point), factors[pixel]},
            x + image * images.in_size, y + image * images.out_size + pixel * images.lanes);
      }
    }
  }
}

void average_pool_float(const PoolingShape& s, Layout layout, const float* x, const float* factors,
                        float* y) {
  average_pool_any(s, layout, x, 0, factors, y);
}
void average_pool_int8(const PoolingShape& s, Layout layout, const int8_t* x, int32_t zero_point,
                       const float* factors, float* y) {
  average_pool_any(s, layout, x, zero_point, factors, y);
}
void average_pool_uint8(const PoolingShape& s, Layout layout, const uint8_t* x, int32_t zero_point,
                        const float* factors, float* y) {
  average_pool_any(s, layout, x, zero_point, factors, y);
}

// The windows of one pixel, all its channels.
void spread_pixel(const PoolingShape& s, const Window& window, const float* dy, float factor,
                  int64_t lanes, float* image) {
  for (int64_t i = window.rows.first; i < window.rows.last; ++i) {
    for (int64_t j = window.columns.first; j < window.columns.last; ++j) {
      float* to = image + ((window.top + i) * s.in_width + window.left + j) * lanes;
      for (int64_t l = 0; l < lanes; ++l) to[l] += dy[l] * factor;
    }
  }
}

void average_pool_backward_any(const PoolingShape& s, Layout layout, const float* dy,
                               const float* factors, float* dx) {
  const int64_t lanes = lanes_of(layout, s.channels);
  scatter_windows(s, layout, dx,
                  [&](const Window& window, int64_t pixel, int64_t at, float* image) {
                    spread_pixel(s, window, dy + at, factors[pixel], lanes, image);
                  });
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace octet::kernels {

HWY_EXPORT(average_pool_float);
HWY_EXPORT(average_pool_int8);
HWY_EXPORT(average_pool_uint8);
HWY_EXPORT(average_pool_backward_any);

template <>
void average_pool(const PoolingShape& shape, Layout layout, const float* x, int32_t,
                  std::span<const float> factors, float* y) {
  HWY_DYNAMIC_DISPATCH(average_pool_float)(shape, layout, x, factors.data(), y);
}
template <>
void average_pool(const PoolingShape& shape, Layout layout, const int8_t* x, int32_t zero_point,
                  std::span<const float> factors, float* y) {
  HWY_DYNAMIC_DISPATCH(average_pool_int8)(shape, layout, x, zero_point, factors.data(), y);
}
template <>
void average_pool(const PoolingShape& shape, Layout layout, const uint8_t* x, int32_t zero_point,
                  std::span<const float> factors, float* y) {
  HWY_DYNAMIC_DISPATCH(average_pool_uint8)(shape, layout, x, zero_point, factors.data(), y);
}

void average_pool_backward(const PoolingShape& shape, Layout layout, const float* dy,
                           std::span<const float> factors, float* dx) {
  HWY_DYNAMIC_DISPATCH(average_pool_backward_any)(shape, layout, dy, factors.data(), dx);
}

}  // namespace octet::kernels

#endif  // HWY_ONCE
