#include "octet/kernels/integer_gradients.h"

#include <algorithm>

#include "octet/base/error.h"
#include "octet/kernels/rounding_constants.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/integer_gradients.cpp"
#include "octet/kernels/simd_targets.h"
// Compiles the rest of this file once for each instruction set.
#include <hwy/foreach_target.h>

#include "octet/kernels/eight_floats-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

// One element as float32, and back.
inline float value_of(float x) {
  return x;
}
inline float value_of(BFloat16 x) {
  return to_float(x);
}
inline void put(float x, float* to) {
  *to = x;
}
inline void put(float x, BFloat16* to) {
  *to = to_bfloat16(x);
}

// dy * multiplier where a bit is set: `count` elements, at most eight.
template <class In, class Out>
HWY_INLINE void backward_some(const In* dy, const float* multiplier, unsigned bits, int64_t count,
                              Out* dacc) {
  if (HWY_LIKELY(count >= 8)) {
    for (int v = 0; v < kVectors; ++v) {
      const FloatVector gradient = hn::Mul(load(dy + v * kLanes), load(multiplier + v * kLanes));
      store(where_set(static_cast<uint8_t>(bits), v, gradient), dacc + v * kLanes);
    }
    return;
  }
  for (int64_t i = 0; i < count; ++i) {
    put((bits >> i & 1) != 0 ? value_of(dy[i]) * multiplier[i] : 0.0F, dacc + i);
  }
}

// Rows [row, end).
template <class In, class Out>
void backward_lanes(const In* dy, const ChannelRows& rows, const float* multiplier,
                    const uint8_t* passes, int64_t row, int64_t end, Out* dacc) {
  const int64_t row_bytes = bit_row_bytes(rows);
  while (row < end) {
    const int64_t channel = rows.first_channel(row), stop = rows.end_of_channel(row, end);
    for (; row < stop; ++row) {
      const int64_t first = row * rows.lanes;
      for (int64_t lane = 0; lane < rows.lanes; lane += 8) {
        const unsigned bits = passes == nullptr ? 0xFF : passes[row * row_bytes + lane / 8];
        backward_some(dy + first + lane, multiplier + channel + lane, bits, rows.lanes - lane,
                      dacc + first + lane);
      }
    }
  }
}

template <class In, class Out>
void backward_single(const In* dy, const ChannelRows& rows, const float* multiplier,
                     const uint8_t* passes, int64_t row, int64_t end, Out* dacc) {
  while (row < end) {
    const float factor = multiplier[rows.first_channel(row)];
    for (const int64_t stop = rows.end_of_channel(row, end); row < stop; ++row) {
      const bool through = passes == nullptr || passes[row] != 0;
      put(through ? value_of(dy[row]) * factor : 0.0F, dacc + row);
    }
  }
}

template <class In, class Out>
void backward_rows(const In* dy, const ChannelRows& rows, const float* multiplier,
                   const uint8_t* passes, Out* dacc) {
  const int64_t together = std::max<int64_t>(1, kChunk / rows.lanes);
  const int64_t chunks = (rows.rows() + together - 1) / together;
#pragma omp parallel for if (chunks > 1)
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const int64_t begin = chunk * together, end = std::min(rows.rows(), begin + together);
    if (rows.lanes == 1) {
      backward_single(dy, rows, multiplier, passes, begin, end, dacc);
    } else {
      backward_lanes(dy, rows, multiplier, passes, begin, end, dacc);
    }
  }
}

void requantize_backward_simd(const Gradient& dy, const ChannelRows& rows, const float* multiplier,
                              const uint8_t* passes, const Gradient& dacc) {
  with_elements(dy, [&](const auto* from) {
    with_elements(dacc, [&](auto* to) { backward_rows(from, rows, multiplier, passes, to); });
  });
}

template <class In, class Out>
void masked_scale_of(const In* dy, const uint8_t* passes, float factor, int64_t begin, int64_t end,
                     Out* dx) {
  int64_t i = begin;
  for (; i + kEight <= end; i += kEight) {
    for (int v = 0; v < kVectors; ++v) {
      const int64_t at = i + v * kLanes;
      const FloatVector gradient = where_set(passes[i / 8], v, load(dy + at));
      store(hn::Mul(gradient, set(factor)), dx + at);
    }
  }
  for (; i < end; ++i) {
    const float gradient = (passes[i / 8] >> (i % 8) & 1) != 0 ? value_of(dy[i]) : 0.0F;
    put(gradient * factor, dx + i);
  }
}

void masked_scale_simd(const Gradient& dy, const uint8_t* passes, float factor_a, float factor_b,
                       int64_t count, const Gradient& da, const Gradient& db) {
  for_chunks(count, [&](int64_t begin, int64_t end) {
    const auto make = [&](const Gradient& dx, float factor) {
      if (!dx) return;
      with_elements(dy, [&](const auto* from) {
        with_elements(dx, [&](auto* to) { masked_scale_of(from, passes, factor, begin, end, to); });
      });
    };
    // The one that overwrites dy comes last.
    const bool a_last = da.data == dy.data;
    if (!a_last) make(da, factor_a);
    make(db, factor_b);
    if (a_last) make(da, factor_a);
  });
}

void scale_simd(const Gradient& dy, float factor, int64_t count, const Gradient& dx) {
  with_elements(dy, [&](const auto* from) {
    with_elements(dx, [&](auto* to) {
      for_chunks(count, [&](int64_t begin, int64_t end) {
        int64_t i = begin;
        for (; i + kLanes <= end; i += kLanes) {
          store(hn::Mul(load(from + i), set(factor)), to + i);
        }
        for (; i < end; ++i) put(value_of(from[i]) * factor, to + i);
      });
    });
  });
}

void add_simd(const Gradient& x, const Gradient& y, int64_t count) {
  with_elements(y, [&](auto* to) {
    const auto* from = static_cast<decltype(to)>(x.data);
    for_chunks(count, [&](int64_t begin, int64_t end) {
      int64_t i = begin;
      for (; i + kLanes <= end; i += kLanes) store(hn::Add(load(from + i), load(to + i)), to + i);
      for (; i < end; ++i) put(value_of(from[i]) + value_of(to[i]), to + i);
    });
  });
}

template <class T, class Out>
void widen_all(const T* x, int32_t zero_point, int64_t count, Out* y) {
  const hn::Rebind<T, FloatTag> bytes;
  const auto zero = hn::Set(IntTag(), zero_point);
  for_chunks(count, [&](int64_t begin, int64_t end) {
    int64_t i = begin;
    for (; i + kLanes <= end; i += kLanes) {
      const auto value = hn::PromoteTo(IntTag(), hn::LoadU(bytes, x + i));
      store(hn::ConvertTo(FloatTag(), hn::Sub(value, zero)), y + i);
    }
    for (; i < end; ++i) put(static_cast<float>(x[i] - zero_point), y + i);
  });
}

void widen_simd(const void* x, bool is_signed, int32_t zero_point, int64_t count,
                const Gradient& y) {
  with_elements(y, [&](auto* to) {
    if (is_signed) {
      widen_all(static_cast<const int8_t*>(x), zero_point, count, to);
    } else {
      widen_all(static_cast<const uint8_t*>(x), zero_point, count, to);
    }
  });
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace octet::kernels {

HWY_EXPORT(requantize_backward_simd);
HWY_EXPORT(masked_scale_simd);
HWY_EXPORT(scale_simd);
HWY_EXPORT(add_simd);
HWY_EXPORT(widen_simd);

void requantize_backward(const Gradient& dy, const ChannelRows& rows,
                         std::span<const float> multiplier, const uint8_t* passes,
                         const Gradient& dacc) {
  ChannelFactors factors(rows.channels());
  factors.set({.multiplier = multiplier});
  HWY_DYNAMIC_DISPATCH(requantize_backward_simd)
  (dy, rows, factors.multiplier.data(), passes, dacc);
}

void masked_scale(const Gradient& dy, const uint8_t* passes, float factor_a, float factor_b,
                  int64_t count, const Gradient& da, const Gradient& db) {
  HWY_DYNAMIC_DISPATCH(masked_scale_simd)(dy, passes, factor_a, factor_b, count, da, db);
}

void scale_gradient(const Gradient& dy, float factor, int64_t count, const Gradient& dx) {
  HWY_DYNAMIC_DISPATCH(scale_simd)(dy, factor, count, dx);
}

void add_gradient(const Gradient& x, const Gradient& y, int64_t count) {
  OCTET_INTERNAL_CHECK(x.is_bfloat16 == y.is_bfloat16);
  HWY_DYNAMIC_DISPATCH(add_simd)(x, y, count);
}

void widen(const void* x, bool is_signed, int32_t zero_point, int64_t count, const Gradient& y) {
  HWY_DYNAMIC_DISPATCH(widen_simd)(x, is_signed, zero_point, count, y);
}

}  // namespace octet::kernels

#endif  // HWY_ONCE
