#include "octet/kernels/max_pooling.h"

#include <algorithm>
#include <limits>
#include <type_traits>

#include "octet/kernels/pooling_windows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/max_pooling.cpp"
#include "octet/kernels/simd_targets.h"
// Compiles the rest of this file once for each instruction set.
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// The places of the maxima, one for each lane of Tag, as bytes.
template <class Tag>
HWY_INLINE void store_places(Tag, hn::Vec<Tag> places, uint8_t* to) {
  if constexpr (sizeof(hn::TFromD<Tag>) == 1) {
    const hn::RebindToUnsigned<Tag> bytes;
    hn::StoreU(hn::BitCast(bytes, places), bytes, to);
  } else {
    const hn::RebindToSigned<Tag> ints;
    const hn::Rebind<uint8_t, Tag> bytes;
    hn::StoreU(hn::DemoteTo(bytes, hn::ConvertTo(ints, places)), bytes, to);
  }
}

// Neighbouring channels of one window, as many as Tag has lanes. x: where the window's first place
// would be. Places are counted in the type of the values, bytes beyond 127 by their bits.
template <bool kPlaces, class Tag, class T = hn::TFromD<Tag>>
HWY_INLINE void pool_channels(Tag tag, const PoolingShape& s, const T* x, int64_t lanes,
                              const WindowRange& rows, const WindowRange& columns, T* y,
                              uint8_t* winner) {
  constexpr T kLeast = std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity()
                                                            : std::numeric_limits<T>::lowest();
  auto best = hn::Set(tag, kLeast);
  auto places = hn::Set(tag, static_cast<T>(rows.first * s.kernel_w + columns.first));
  for (int64_t i = rows.first; i < rows.last; ++i) {
    for (int64_t j = columns.first; j < columns.last; ++j) {
      const auto value = hn::LoadU(tag, x + (i * s.in_width + j) * lanes);
      auto wins = hn::Gt(value, best);
      // What is no number wins, and nothing is greater.
      if constexpr (std::is_same_v<T, float>) wins = hn::Or(wins, hn::Not(hn::Eq(value, value)));
      if constexpr (kPlaces) {
        const auto place = hn::Set(tag, static_cast<T>(i * s.kernel_w + j));
        places = hn::IfThenElse(wins, place, places);
      }
      best = hn::IfThenElse(wins, value, best);
    }
  }
  hn::StoreU(best, tag, y);
  if constexpr (kPlaces) store_places(tag, places, winner);
}

template <class T, bool kPlaces>
void pool_pixel(const PoolingShape& s, const T* image, int64_t lanes, int64_t oh, int64_t ow, T* y,
                uint8_t* winner) {
  const Window window(s, oh, ow);
  const T* x = image + (window.top * s.in_width + window.left) * lanes;
  int64_t l = 0;
  const auto pool = [&](auto tag) {
    const int64_t count = hn::Lanes(tag);
    for (; l + count <= lanes; l += count) {
      pool_channels<kPlaces>(tag, s, x + l, lanes, window.rows, window.columns, y + l,
                             kPlaces ? winner + l : winner);
    }
  };
  pool(hn::CappedTag<T, 16>());
  pool(hn::CappedTag<T, 8>());
  pool(hn::CappedTag<T, 1>());
}

// All pixels; without places there is no `winner`.
template <class T, bool kPlaces>
void pool_images(const PoolingShape& s, const Images& images, const T* x, T* y, uint8_t* winner) {
#pragma omp parallel for collapse(2)
  for (int64_t image = 0; image < images.count; ++image) {
    for (int64_t oh = 0; oh < s.out_height; ++oh) {
      for (int64_t ow = 0; ow < s.out_width; ++ow) {
        const int64_t at = image * images.out_size + (oh * s.out_width + ow) * images.lanes;
        pool_pixel<T, kPlaces>(s, x + image * images.in_size, images.lanes, oh, ow, y + at,
                               kPlaces ? winner + at : winner);
      }
    }
  }
}

template <class T>
void max_pool_any(const PoolingShape& s, Layout layout, const T* x, T* y, uint8_t* winner) {
  const Images images = images_of(s, layout);
  if (winner != nullptr) {
    pool_images<T, true>(s, images, x, y, winner);
  } else {
    pool_images<T, false>(s, images, x, y, nullptr);
  }
}

void max_pool_float(const PoolingShape& s, Layout layout, const float* x, float* y,
                    uint8_t* winner) {
  max_pool_any(s, layout, x, y, winner);
}
void max_pool_int8(const PoolingShape& s, Layout layout, const int8_t* x, int8_t* y,
                   uint8_t* winner) {
  max_pool_any(s, layout, x, y, winner);
}
void max_pool_uint8(const PoolingShape& s, Layout layout, const uint8_t* x, uint8_t* y,
                    uint8_t* winner) {
  max_pool_any(s, layout, x, y, winner);
}

void max_pool_backward_any(const PoolingShape& s, Layout layout, const float* dy,
                           const uint8_t* winner, float* dx) {
  const int64_t lanes = lanes_of(layout, s.channels);
  scatter_windows(s, layout, dx, [&](const Window& window, int64_t, int64_t at, float* image) {
    for (int64_t l = 0; l < lanes; ++l) {
      const int64_t row = window.top + winner[at + l] / s.kernel_w;
      const int64_t column = window.left + winner[at + l] % s.kernel_w;
      image[(row * s.in_width + column) * lanes + l] += dy[at + l];
    }
  });
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace octet::kernels {

HWY_EXPORT(max_pool_float);
HWY_EXPORT(max_pool_int8);
HWY_EXPORT(max_pool_uint8);
HWY_EXPORT(max_pool_backward_any);

template <>
void max_pool(const PoolingShape& shape, Layout layout, const float* x, float* y, uint8_t* winner) {
  HWY_DYNAMIC_DISPATCH(max_pool_float)(shape, layout, x, y, winner);
}
template <>
void max_pool(const PoolingShape& shape, Layout layout, const int8_t* x, int8_t* y,
              uint8_t* winner) {
  HWY_DYNAMIC_DISPATCH(max_pool_int8)(shape, layout, x, y, winner);
}
template <>
void max_pool(const PoolingShape& shape, Layout layout, const uint8_t* x, uint8_t* y,
              uint8_t* winner) {
  HWY_DYNAMIC_DISPATCH(max_pool_uint8)(shape, layout, x, y, winner);
}

void max_pool_backward(const PoolingShape& shape, Layout layout, const float* dy,
                       const uint8_t* winner, float* dx) {
  HWY_DYNAMIC_DISPATCH(max_pool_backward_any)(shape, layout, dy, winner, dx);
}

}  // namespace octet::kernels

#endif  // HWY_ONCE
