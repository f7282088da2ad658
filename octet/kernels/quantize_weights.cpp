#include "octet/kernels/quantize_weights.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/quantize_weights.cpp"
#include "octet/kernels/simd_targets.h"
// Compiles the rest of this file once for each instruction set.
#include <hwy/foreach_target.h>

#include "octet/kernels/eight_floats-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

// Runs body(w, scale, zero, count, offset) for the rows of a weight.
template <class Body>
void for_weight_rows(const WeightQuantization& w, const Body& body) {
  const int64_t rows = w.outer * w.channels;
  // Rows of few values (of a fully connected layer: one) are taken together.
  const bool single = w.scale.size() == 1 && w.zero_point.size() == 1;
  if (single) {
    return for_chunks(rows * w.inner, [&](int64_t begin, int64_t end) {
      body(w.scale[0], w.zero_point[0], begin, end);
    });
  }
#pragma omp parallel for
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t channel = row % w.channels;
    body(w.scale[w.scale.size() == 1 ? 0 : channel],
         w.zero_point[w.zero_point.size() == 1 ? 0 : channel], row * w.inner, (row + 1) * w.inner);
  }
}

struct WeightEight {
  FloatVector lowest, highest, scale, zero;
};

template <bool kHalfAway>
HWY_INLINE FloatVector quantized(const WeightEight& c, FloatVector w, hn::Mask<FloatTag>& inside) {
  const FloatVector v = hn::Add(whole<kHalfAway>(hn::Div(w, c.scale)), c.zero);
  const FloatVector q = hn::Min(hn::Max(v, c.lowest), c.highest);
  inside = hn::Eq(q, v);
  return q;
}

// Calls body(w, at, count, inside, q) vector by vector; the last one may be partly filled.
template <bool kHalfAway, class Use>
void for_quantized(const WeightQuantization& quantization, const float* w, const Use& use) {
  for_weight_rows(quantization, [&](float scale, float zero, int64_t begin, int64_t end) {
    const WeightEight constants{set(quantization.lowest), set(quantization.highest), set(scale),
                                set(zero)};
    for (int64_t i = begin; i < end; i += kLanes) {
      const int64_t count = std::min<int64_t>(kLanes, end - i);
      float rest[kEight] = {};
      const float* source = w + i;
      if (count < kLanes) {
        std::copy_n(source, count, rest);
        source = rest;
      }
      const FloatVector value = load(source);
      hn::Mask<FloatTag> inside;
      const FloatVector q = quantized<kHalfAway>(constants, value, inside);
      use(i, count, value, q, inside, constants.scale);
    }
  });
}

HWY_INLINE void store_some(FloatVector value, int64_t count, float* to) {
  if (count == kLanes) return hn::StoreU(value, FloatTag(), to);
  float rest[kEight];
  hn::StoreU(value, FloatTag(), rest);
  std::copy_n(rest, count, to);
}

HWY_INLINE FloatVector load_some(const float* from, int64_t count) {
  if (count == kLanes) return load(from);
  float rest[kEight] = {};
  std::copy_n(from, count, rest);
  return load(rest);
}

bool quantize_weights_simd(const WeightQuantization& quantization, const float* w, float* q) {
  bool is_finite = true;
  const auto use = [&](int64_t at, int64_t count, FloatVector value, FloatVector integers,
                       hn::Mask<FloatTag>, FloatVector) {
    if (HWY_UNLIKELY(!hn::AllTrue(FloatTag(), hn::IsFinite(value)))) {
#pragma omp atomic write
      is_finite = false;
    }
    store_some(integers, count, q + at);
  };
  if (quantization.round_mode == RoundMode::HALF_AWAY_FROM_ZERO) {
    for_quantized<true>(quantization, w, use);
  } else {
    for_quantized<false>(quantization, w, use);
  }
  return is_finite;
}

void quantize_weights_backward_simd(const WeightQuantization& quantization, const float* w,
                                    const float* dq, float* dw) {
  const bool straight = quantization.ste == Ste::STRAIGHT;
  const auto use = [&](int64_t at, int64_t count, FloatVector, FloatVector,
                       hn::Mask<FloatTag> inside, FloatVector scale) {
    const FloatVector gradient = hn::Div(load_some(dq + at, count), scale);
    store_some(straight ? gradient : hn::IfThenElseZero(inside, gradient), count, dw + at);
  };
  if (quantization.round_mode == RoundMode::HALF_AWAY_FROM_ZERO) {
    for_quantized<true>(quantization, w, use);
  } else {
    for_quantized<false>(quantization, w, use);
  }
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace octet::kernels {

HWY_EXPORT(quantize_weights_simd);
HWY_EXPORT(quantize_weights_backward_simd);

bool quantize_weights(const WeightQuantization& quantization, const float* w, float* q) {
  return HWY_DYNAMIC_DISPATCH(quantize_weights_simd)(quantization, w, q);
}

void quantize_weights_backward(const WeightQuantization& quantization, const float* w,
                               const float* dq, float* dw) {
  HWY_DYNAMIC_DISPATCH(quantize_weights_backward_simd)(quantization, w, dq, dw);
}

}  // namespace octet::kernels

#endif  // HWY_ONCE
