#include "octet/kernels/normalization_part.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/normalization_part.cpp"
#include "octet/kernels/simd_targets.h"
// Compiles the rest of this file once for each instruction set.
#include <hwy/foreach_target.h>

#include "octet/kernels/quantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

// Everything below keeps pointers and factors in locals: bytes that are written may alias all else.

// A part as rows of eights: of one channel (kSingle) the elements themselves, eight a row; else the
// lanes of each row. The last eight of a row, of one channel those of the last row, may be fewer.
template <bool kSingle>
struct Eights {
  int64_t rows, lanes, row_bytes, whole_rows, whole_lanes, rest;

  explicit Eights(const NormalizedPart& part)
      : rows(kSingle ? (part.rows + 7) / 8 : part.rows),
        lanes(kSingle ? 8 : part.lanes),
        row_bytes(kSingle ? 1 : (part.lanes + 7) / 8),
        whole_rows(kSingle ? part.rows / 8 : part.rows),
        whole_lanes(kSingle ? 8 : part.lanes / 8 * 8),
        rest(kSingle ? part.rows % 8 : part.lanes % 8) {}

  // Calls body(first element, lane, byte of bits, number of elements); the last is a constant where
  // it is eight.
  template <class Body>
  HWY_INLINE void for_each(const Body& body) const {
    for (int64_t row = 0; row < whole_rows; ++row) {
      const int64_t at = row * lanes, byte = row * row_bytes;
      int64_t lane = 0;
      for (; lane < whole_lanes; lane += 8) body(at + lane, lane, byte + lane / 8, Whole());
      if (lane < lanes) body(at + lane, lane, byte + lane / 8, rest);
    }
    if (whole_rows < rows) body(whole_rows * 8, 0, whole_rows, rest);
  }

  using Whole = std::integral_constant<int64_t, 8>;
};

template <class Count>
inline constexpr bool kIsWhole = !std::is_same_v<Count, int64_t>;

// The values of eight channels, or of one.
template <bool kSingle>
HWY_INLINE FloatVector of_channels(const float* values, int64_t lane, int v) {
  return kSingle ? set(values[0]) : load(values + lane + v * kLanes);
}

// Eight elements to read: of fewer, a copy with `fill` behind them.
template <class Count, class T>
HWY_INLINE const T* readable(const T* x, Count count, T fill, T (&copy)[8]) {
  if constexpr (kIsWhole<Count>) return x;
  std::fill_n(copy, 8, fill);
  std::copy_n(x, count, copy);
  return copy;
}

// Calls make(eight elements to write), of which the first `count` are kept.
template <class Count, class T, class Make>
HWY_INLINE void write_some(T* y, Count count, const Make& make) {
  if constexpr (kIsWhole<Count>) return make(y);
  T copy[8];
  make(copy);
  std::copy_n(copy, count, y);
}

// sums[lane] += a, sums[lanes + lane] += b of all rows, for terms(row, lane, count, a, b). Long
// rows are read in their order, their sums wait in the first cache; of short ones they stay in
// registers.
template <bool kSingle, class Terms>
HWY_INLINE void add_up(const Eights<kSingle>& eights, const Terms& terms, float* sums) {
  const int64_t lanes = summed_lanes(eights.lanes);
  const int64_t together = lanes == 8 ? eights.rows : 1;
  std::fill_n(sums, 2 * lanes, 0.0F);
  const auto add = [&](int64_t begin, int64_t end, int64_t lane, auto count) {
    float* const first = sums + lane;
    float* const second = first + lanes;
    FloatVector a[kVectors], b[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      a[v] = load(first + v * kLanes);
      b[v] = load(second + v * kLanes);
    }
    for (int64_t row = begin; row < end; ++row) terms(row, lane, count, a, b);
    for (int v = 0; v < kVectors; ++v) {
      store(a[v], first + v * kLanes);
      store(b[v], second + v * kLanes);
    }
  };
  for (int64_t begin = 0; begin < eights.whole_rows; begin += together) {
    const int64_t end = std::min(eights.whole_rows, begin + together);
    int64_t lane = 0;
    for (; lane < eights.whole_lanes; lane += 8) {
      add(begin, end, lane, typename Eights<kSingle>::Whole());
    }
    if (lane < eights.lanes) add(begin, end, lane, eights.rest);
  }
  if (eights.whole_rows < eights.rows) add(eights.whole_rows, eights.rows, 0, eights.rest);
}

template <bool kSingle>
void moment_sums_of(const NormalizedPart& part, float* sums) {
  const Eights<kSingle> eights(part);
  const float* const x = part.x;
  const int64_t lanes = eights.lanes;
  const float fill = x[0];
  add_up(
      eights,
      [=](int64_t row, int64_t lane, auto count, FloatVector* sum, FloatVector* square) {
        float copy[8], first_copy[8];
        const float* some = readable(x + row * lanes + lane, count, fill, copy);
        const float* first = kSingle ? x : readable(x + lane, count, fill, first_copy);
        for (int v = 0; v < kVectors; ++v) {
          const FloatVector distance =
              hn::Sub(load(some + v * kLanes), of_channels<kSingle>(first, 0, v));
          sum[v] = hn::Add(sum[v], distance);
          square[v] = hn::Add(square[v], hn::Mul(distance, distance));
        }
      },
      sums);
}

void moment_sums_simd(const NormalizedPart& part, float* sums) {
  const auto run = part.lanes == 1 ? moment_sums_of<true> : moment_sums_of<false>;
  run(part, sums);
}

// The gradient of n, eight elements of which arrive at dy; their bits are the byte at `passes`.
template <bool kMasked, class T>
HWY_INLINE FloatVector arrived(const T* dy, const uint8_t* passes, FloatVector factor, int v) {
  const FloatVector gradient = hn::Mul(load(dy + v * kLanes), factor);
  if constexpr (!kMasked) return gradient;
  return where_set(*passes, v, gradient);
}

template <bool kSingle, bool kMasked, class T>
void gradient_sums_of(const NormalizedPart& part, const T* dy, const uint8_t* passes, float factor,
                      float* sums) {
  const Eights<kSingle> eights(part);
  const float* const x = part.x;
  const float* const mean = part.mean;
  const int64_t lanes = eights.lanes, row_bytes = eights.row_bytes;
  add_up(
      eights,
      [=](int64_t row, int64_t lane, auto count, FloatVector* sum, FloatVector* product) {
        float x_copy[8];
        T dy_copy[8];
        const int64_t at = row * lanes + lane;
        const float* some = readable(x + at, count, 0.0F, x_copy);
        const T* from = readable(dy + at, count, T{}, dy_copy);
        for (int v = 0; v < kVectors; ++v) {
          const FloatVector gradient =
              arrived<kMasked>(from, passes + row * row_bytes + lane / 8, set(factor), v);
          const FloatVector centered =
              hn::Sub(load(some + v * kLanes), of_channels<kSingle>(mean, lane, v));
          sum[v] = hn::Add(sum[v], gradient);
          product[v] = hn::Add(product[v], hn::Mul(gradient, centered));
        }
      },
      sums);
}

template <bool kSingle, class T>
void gradient_sums_with(const NormalizedPart& part, const Normalization::Incoming& incoming,
                        const T* dy, float* sums) {
  const auto run = incoming.passes != nullptr ? gradient_sums_of<kSingle, true, T>
                                              : gradient_sums_of<kSingle, false, T>;
  run(part, dy, incoming.passes, incoming.factor, sums);
}

void gradient_sums_simd(const NormalizedPart& part, const Normalization::Incoming& incoming,
                        float* sums) {
  with_elements(incoming.dy, [&](const auto* dy) {
    using T = std::remove_cvref_t<decltype(*dy)>;
    const auto run = part.lanes == 1 ? gradient_sums_with<true, T> : gradient_sums_with<false, T>;
    run(part, incoming, dy, sums);
  });
}

// n of eight elements.
template <bool kSingle>
struct NormalizeEight {
  const float *mean, *scale, *shift;

  explicit NormalizeEight(const NormalizedPart& part)
      : mean(part.mean), scale(part.scale), shift(part.shift) {}

  HWY_INLINE FloatVector operator()(const float* x, int64_t lane, int v) const {
    const FloatVector centered = hn::Sub(load(x + v * kLanes), of_channels<kSingle>(mean, lane, v));
    return hn::Add(hn::Mul(centered, of_channels<kSingle>(scale, lane, v)),
                   of_channels<kSingle>(shift, lane, v));
  }
};

template <bool kSingle, bool kActivates>
void normalize_of(const NormalizedPart& part, float six, float* y, uint8_t* passes) {
  const NormalizeEight<kSingle> normalize(part);
  const float* const x = part.x;
  Eights<kSingle>(part).for_each([=](int64_t at, int64_t lane, int64_t byte, auto count) {
    float copy[8];
    const float* some = readable(x + at, count, 0.0F, copy);
    write_some(y + at, count, [=](float* to) {
      unsigned active = 0;
      for (int v = 0; v < kVectors; ++v) {
        FloatVector value = normalize(some, lane, v);
        if constexpr (kActivates) {
          active |= bits_of(hn::And(hn::Gt(value, set(0.0F)), hn::Lt(value, set(six))), v);
          value = bounded(value, set(0.0F), set(six));
        }
        store(value, to + v * kLanes);
      }
      if (kActivates && passes != nullptr) passes[byte] = static_cast<uint8_t>(active);
    });
  });
}

void normalize_simd(const NormalizedPart& part, Activation activation, float* y, uint8_t* passes) {
  const float six = activation == Activation::kReLU6 ? 6.0F : INFINITY;
  const bool single = part.lanes == 1;
  const auto run = activation == Activation::kNone
                       ? (single ? normalize_of<true, false> : normalize_of<false, false>)
                       : (single ? normalize_of<true, true> : normalize_of<false, true>);
  run(part, six, y, passes);
}

template <bool kSingle, bool kHalfAway, bool kActivates>
bool quantize_of(const NormalizedPart& part, const Requantization& output, float scale, uint8_t* q,
                 uint8_t* passes) {
  const NormalizeEight<kSingle> normalize(part);
  const QuantizeEight<kHalfAway, kActivates> quantize(output, scale);
  const float* const x = part.x;
  Wild wild;
  Eights<kSingle>(part).for_each([=, &wild](int64_t at, int64_t lane, int64_t byte, auto count) {
    float copy[8];
    const float* some = readable(x + at, count, 0.0F, copy);
    write_some(q + at, count, [=, &wild](uint8_t* to) {
      const uint8_t bits = quantize([=](int v) { return normalize(some, lane, v); }, to, wild);
      if (passes != nullptr) passes[byte] = bits;
    });
  });
  return !wild.any();
}

template <bool kSingle>
bool quantize_by_kind(const NormalizedPart& part, const Requantization& output, float scale,
                      uint8_t* q, uint8_t* passes) {
  const bool away = output.round_mode == RoundMode::HALF_AWAY_FROM_ZERO;
  const auto run =
      output.activation == Activation::kNone
          ? (away ? quantize_of<kSingle, true, false> : quantize_of<kSingle, false, false>)
          : (away ? quantize_of<kSingle, true, true> : quantize_of<kSingle, false, true>);
  return run(part, output, scale, q, passes);
}

bool quantize_part_simd(const NormalizedPart& part, const Requantization& output, float scale,
                        uint8_t* q, uint8_t* passes) {
  const auto run = part.lanes == 1 ? quantize_by_kind<true> : quantize_by_kind<false>;
  return run(part, output, scale, q, passes);
}

template <bool kSingle, bool kMasked, class In, class Out>
void input_gradient_of(const NormalizedPart& part, const In* dy, const uint8_t* passes,
                       float factor, Out* dx) {
  const float* const x = part.x;
  const float* const mean = part.mean;
  const float* const scale = part.scale;
  const float* const slope = part.slope;
  const float* const intercept = part.intercept;
  Eights<kSingle>(part).for_each([=](int64_t at, int64_t lane, int64_t byte, auto count) {
    float x_copy[8];
    In dy_copy[8];
    const float* some = readable(x + at, count, 0.0F, x_copy);
    const In* from = readable(dy + at, count, In{}, dy_copy);
    write_some(dx + at, count, [=](Out* to) {
      for (int v = 0; v < kVectors; ++v) {
        const auto of = [=](const float* values) { return of_channels<kSingle>(values, lane, v); };
        const FloatVector gradient = arrived<kMasked>(from, passes + byte, set(factor), v);
        const FloatVector centered = hn::Sub(load(some + v * kLanes), of(mean));
        const FloatVector line = hn::Add(hn::Mul(centered, of(slope)), of(intercept));
        store(hn::Add(hn::Mul(gradient, of(scale)), line), to + v * kLanes);
      }
    });
  });
}

template <bool kSingle, class In, class Out>
void input_gradient_with(const NormalizedPart& part, const Normalization::Incoming& incoming,
                         const In* dy, Out* dx) {
  const auto run = incoming.passes != nullptr ? input_gradient_of<kSingle, true, In, Out>
                                              : input_gradient_of<kSingle, false, In, Out>;
  run(part, dy, incoming.passes, incoming.factor, dx);
}

void input_gradient_simd(const NormalizedPart& part, const Normalization::Incoming& incoming,
                         const Gradient& dx) {
  with_elements(incoming.dy, [&](const auto* dy) {
    with_elements(dx, [&](auto* to) {
      using In = std::remove_cvref_t<decltype(*dy)>;
      using Out = std::remove_cvref_t<decltype(*to)>;
      const auto run = part.lanes == 1 ? input_gradient_with<true, In, Out>
                                       : input_gradient_with<false, In, Out>;
      run(part, incoming, dy, to);
    });
  });
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace octet::kernels {

HWY_EXPORT(moment_sums_simd);
HWY_EXPORT(gradient_sums_simd);
HWY_EXPORT(normalize_simd);
HWY_EXPORT(quantize_part_simd);
HWY_EXPORT(input_gradient_simd);

void moment_sums(const NormalizedPart& part, float* sums) {
  HWY_DYNAMIC_DISPATCH(moment_sums_simd)(part, sums);
}

void gradient_sums(const NormalizedPart& part, const Normalization::Incoming& incoming,
                   float* sums) {
  HWY_DYNAMIC_DISPATCH(gradient_sums_simd)(part, incoming, sums);
}

void normalize_part(const NormalizedPart& part, Activation activation, float* y, uint8_t* passes) {
  HWY_DYNAMIC_DISPATCH(normalize_simd)(part, activation, y, passes);
}

bool quantize_part(const NormalizedPart& part, const Requantization& output, float scale,
                   uint8_t* q, uint8_t* passes) {
  return HWY_DYNAMIC_DISPATCH(quantize_part_simd)(part, output, scale, q, passes);
}

void input_gradient_part(const NormalizedPart& part, const Normalization::Incoming& incoming,
                         const Gradient& dx) {
  HWY_DYNAMIC_DISPATCH(input_gradient_simd)(part, incoming, dx);
}

}  // namespace octet::kernels

#endif  // HWY_ONCE
