#include "octet/kernels/quantized_arithmetic.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/quantized_arithmetic.cpp"
#include "octet/kernels/simd_targets.h"
// Compiles the rest of this file once for each instruction set.
#include <hwy/foreach_target.h>

#include "octet/kernels/quantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

// What follows the real numbers.
template <bool kHalfAway>
struct FinishEight {
  Rounding<kHalfAway> rounding;
  FloatVector scale;
  FloatVector low, high;  // of the activation
  bool activates;

  FinishEight(const Requantization& output, float y_scale)
      : rounding(output),
        scale(set(y_scale)),
        low(set(0.0F)),
        high(set(output.activation == Activation::kReLU6 ? output.six : INFINITY)),
        activates(output.activation != Activation::kNone) {}

  HWY_INLINE void operator()(FloatVector real, uint8_t* y, int vector, unsigned& inside,
                             unsigned& active) const {
    if (activates) active |= bits_of(hn::And(hn::Gt(real, low), hn::Lt(real, high)), vector);
    const FloatVector bounded = activates ? hn::Min(hn::Max(real, low), high) : real;
    store_bytes(rounding(hn::Div(bounded, scale), inside, vector), y + vector * kLanes);
  }
  HWY_INLINE uint8_t bits(unsigned inside, unsigned active) const {
    return static_cast<uint8_t>((inside | rounding.straight) & (activates ? active : 0xFF));
  }
};

template <BinaryFunction kFunction>
HWY_INLINE FloatVector combined(FloatVector a, FloatVector b) {
  if constexpr (kFunction == BinaryFunction::kAdd) return hn::Add(a, b);
  if constexpr (kFunction == BinaryFunction::kSub) return hn::Sub(a, b);
  return hn::Mul(a, b);
}

template <BinaryFunction kFunction, bool kHalfAway>
struct BinaryEight {
  DequantizeEight real_a, real_b;
  FinishEight<kHalfAway> finish;

  HWY_INLINE uint8_t operator()(const uint8_t* a, const uint8_t* b, uint8_t* y) const {
    unsigned inside = 0, active = 0;
    for (int v = 0; v < kVectors; ++v) {
      const int at = v * kLanes;
      finish(combined<kFunction>(real_a(a + at), real_b(b + at)), y, v, inside, active);
    }
    return finish.bits(inside, active);
  }
};

// A unary function in the form of a binary one: the second operand is not looked at.
template <bool kHalfAway>
struct ChangeScaleEight {
  DequantizeEight real;
  FinishEight<kHalfAway> finish;

  HWY_INLINE uint8_t operator()(const uint8_t* a, const uint8_t*, uint8_t* y) const {
    unsigned inside = 0, active = 0;
    for (int v = 0; v < kVectors; ++v) finish(real(a + v * kLanes), y, v, inside, active);
    return finish.bits(inside, active);
  }
};

// Runs a body of eight elements over all, the last ones in places of their own.
template <class Body>
void run_eights(const Body& body, const uint8_t* a, const uint8_t* b, int64_t begin, int64_t end,
                uint8_t* y, uint8_t* passes) {
  int64_t i = begin;
  for (; i + kEight <= end; i += kEight) {
    const uint8_t bits = body(a + i, b + i, y + i);
    if (passes != nullptr) passes[i / 8] = bits;
  }
  if (i == end) return;
  uint8_t rest_a[kEight] = {}, rest_b[kEight] = {}, rest_y[kEight];
  std::copy(a + i, a + end, rest_a);
  std::copy(b + i, b + end, rest_b);
  const uint8_t bits = body(rest_a, rest_b, rest_y);
  std::copy_n(rest_y, end - i, y + i);
  if (passes != nullptr) passes[i / 8] = bits;
}

template <BinaryFunction kFunction, bool kHalfAway>
void binary_all(const QuantizedOperand& a, const QuantizedOperand& b, const Requantization& output,
                float y_scale, int64_t count, uint8_t* y, uint8_t* passes) {
  for_chunks(count, [&](int64_t begin, int64_t end) {
    const BinaryEight<kFunction, kHalfAway> body{DequantizeEight(a), DequantizeEight(b),
                                                 FinishEight<kHalfAway>(output, y_scale)};
    run_eights(body, static_cast<const uint8_t*>(a.data), static_cast<const uint8_t*>(b.data),
               begin, end, y, passes);
  });
}

void quantized_binary_simd(BinaryFunction function, const QuantizedOperand& a,
                           const QuantizedOperand& b, const Requantization& output, float y_scale,
                           int64_t count, uint8_t* y, uint8_t* passes) {
  const bool away = output.round_mode == RoundMode::HALF_AWAY_FROM_ZERO;
  const auto run = [&]<BinaryFunction kFunction>() {
    (away ? binary_all<kFunction, true> : binary_all<kFunction, false>)(a, b, output, y_scale,
                                                                        count, y, passes);
  };
  switch (function) {
    case BinaryFunction::kAdd:
      return run.template operator()<BinaryFunction::kAdd>();
    case BinaryFunction::kSub:
      return run.template operator()<BinaryFunction::kSub>();
    default:
      return run.template operator()<BinaryFunction::kMul>();
  }
}

template <bool kHalfAway>
void change_scale_all(const QuantizedOperand& x, const Requantization& output, float y_scale,
                      int64_t count, uint8_t* y, uint8_t* passes) {
  for_chunks(count, [&](int64_t begin, int64_t end) {
    const ChangeScaleEight<kHalfAway> body{DequantizeEight(x),
                                           FinishEight<kHalfAway>(output, y_scale)};
    const auto* q = static_cast<const uint8_t*>(x.data);
    run_eights(body, q, q, begin, end, y, passes);
  });
}

void change_scale_simd(const QuantizedOperand& x, const Requantization& output, float y_scale,
                       int64_t count, uint8_t* y, uint8_t* passes) {
  const bool away = output.round_mode == RoundMode::HALF_AWAY_FROM_ZERO;
  (away ? change_scale_all<true> : change_scale_all<false>)(x, output, y_scale, count, y, passes);
}

// Eight elements, of which memory holds all.
HWY_INLINE void product_gradients_of_eight(const float* dy, uint8_t passes,
                                           const DequantizeEight& real_a,
                                           const DequantizeEight& real_b, float factor_a,
                                           float factor_b, const uint8_t* a, const uint8_t* b,
                                           float* da, float* db) {
  for (int v = 0; v < kVectors; ++v) {
    const int at = v * kLanes;
    const FloatVector gradient = hn::IfThenElseZero(mask_of(passes, v), load(dy + at));
    const FloatVector to_a = hn::Mul(hn::Mul(gradient, set(factor_a)), real_b(b + at));
    const FloatVector to_b = hn::Mul(hn::Mul(gradient, set(factor_b)), real_a(a + at));
    if (da != nullptr) hn::StoreU(to_a, FloatTag(), da + at);
    if (db != nullptr) hn::StoreU(to_b, FloatTag(), db + at);
  }
}

void product_gradients_simd(const float* dy, const uint8_t* passes, float y_scale,
                            const QuantizedOperand& a, const QuantizedOperand& b, int64_t count,
                            float* da, float* db) {
  const auto* bytes_a = static_cast<const uint8_t*>(a.data);
  const auto* bytes_b = static_cast<const uint8_t*>(b.data);
  const float factor_a = a.scale / y_scale, factor_b = b.scale / y_scale;
  for_chunks(count, [&](int64_t begin, int64_t end) {
    const DequantizeEight real_a(a), real_b(b);
    int64_t i = begin;
    for (; i + kEight <= end; i += kEight) {
      product_gradients_of_eight(dy + i, passes[i / 8], real_a, real_b, factor_a, factor_b,
                                 bytes_a + i, bytes_b + i, da == nullptr ? nullptr : da + i,
                                 db == nullptr ? nullptr : db + i);
    }
    if (i == end) return;
    uint8_t rest_a[kEight] = {}, rest_b[kEight] = {};
    float rest_dy[kEight] = {}, rest_da[kEight], rest_db[kEight];
    std::copy(bytes_a + i, bytes_a + end, rest_a);
    std::copy(bytes_b + i, bytes_b + end, rest_b);
    std::copy(dy + i, dy + end, rest_dy);
    product_gradients_of_eight(rest_dy, passes[i / 8], real_a, real_b, factor_a, factor_b, rest_a,
                               rest_b, rest_da, rest_db);
    if (da != nullptr) std::copy_n(rest_da, end - i, da + i);
    if (db != nullptr) std::copy_n(rest_db, end - i, db + i);
  });
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace octet::kernels {

HWY_EXPORT(quantized_binary_simd);
HWY_EXPORT(change_scale_simd);
HWY_EXPORT(product_gradients_simd);

void quantized_binary(BinaryFunction function, const QuantizedOperand& a, const QuantizedOperand& b,
                      const Requantization& output, float y_scale, int64_t count, void* y,
                      uint8_t* passes) {
  HWY_DYNAMIC_DISPATCH(quantized_binary_simd)
  (function, a, b, output, y_scale, count, static_cast<uint8_t*>(y), passes);
}

void change_scale(const QuantizedOperand& x, const Requantization& output, float y_scale,
                  int64_t count, void* y, uint8_t* passes) {
  HWY_DYNAMIC_DISPATCH(change_scale_simd)
  (x, output, y_scale, count, static_cast<uint8_t*>(y), passes);
}

void product_gradients(const float* dy, const uint8_t* passes, float y_scale,
                       const QuantizedOperand& a, const QuantizedOperand& b, int64_t count,
                       float* da, float* db) {
  HWY_DYNAMIC_DISPATCH(product_gradients_simd)(dy, passes, y_scale, a, b, count, da, db);
}

}  // namespace octet::kernels

#endif  // HWY_ONCE
