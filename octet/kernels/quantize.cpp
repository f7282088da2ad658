#include "octet/kernels/quantize.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/quantize.cpp"
#include "octet/kernels/simd_targets.h"
// Compiles the rest of this file once for each instruction set.
#include <hwy/foreach_target.h>

#include "octet/kernels/eight_floats-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

template <class Byte>
HWY_INLINE FloatVector load_bytes(const Byte* bytes) {
  const hn::Rebind<Byte, FloatTag> tag;
  return hn::ConvertTo(FloatTag(), hn::PromoteTo(IntTag(), hn::LoadU(tag, bytes)));
}

template <class Byte>
HWY_INLINE void store_bytes(FloatVector whole_numbers, Byte* bytes) {
  const hn::Rebind<Byte, FloatTag> tag;
  hn::StoreU(hn::DemoteTo(tag, hn::ConvertTo(IntTag(), whole_numbers)), tag, bytes);
}

// clamp(round(steps) + zero), and where the gradient passes.
template <bool kHalfAway>
struct Rounding {
  FloatVector zero, lowest, highest;
  unsigned straight;

  explicit Rounding(const Requantization& r)
      : zero(set(static_cast<float>(r.zero_point))),
        lowest(set(static_cast<float>(r.qmin))),
        highest(set(static_cast<float>(r.qmax))),
        straight(r.ste == Ste::STRAIGHT ? 0xFF : 0) {}

  HWY_INLINE FloatVector operator()(FloatVector steps, unsigned& inside, int vector) const {
    const FloatVector v = hn::Add(whole<kHalfAway>(steps), zero);
    const FloatVector q = hn::Min(hn::Max(v, lowest), highest);
    inside |= bits_of(hn::Eq(q, v), vector);
    return q;
  }
};

template <bool kHalfAway, class Byte>
struct QuantizeEight {
  Rounding<kHalfAway> rounding;
  FloatVector scale;

  // Bits in the upper byte: not finite.
  HWY_INLINE unsigned operator()(const float* x, Byte* q) const {
    unsigned inside = 0, wild = 0;
    for (int v = 0; v < kVectors; ++v) {
      const FloatVector value = load(x + v * kLanes);
      wild |= bits_of(hn::Not(hn::IsFinite(value)), v);
      store_bytes(rounding(hn::Div(value, scale), inside, v), q + v * kLanes);
    }
    return inside | rounding.straight | wild << 8;
  }
};

// What follows the real numbers of a binary or unary function.
template <bool kHalfAway, class Y>
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

  HWY_INLINE void operator()(FloatVector real, Y* y, int vector, unsigned& inside,
                             unsigned& active) const {
    if (activates) active |= bits_of(hn::And(hn::Gt(real, low), hn::Lt(real, high)), vector);
    const FloatVector bounded = activates ? hn::Min(hn::Max(real, low), high) : real;
    store_bytes(rounding(hn::Div(bounded, scale), inside, vector), y + vector * kLanes);
  }
  HWY_INLINE uint8_t bits(unsigned inside, unsigned active) const {
    return static_cast<uint8_t>((inside | rounding.straight) & (activates ? active : 0xFF));
  }
};

template <class Byte>
struct DequantizeEight {
  FloatVector zero, scale;

  explicit DequantizeEight(const QuantizedOperand& x)
      : zero(set(static_cast<float>(x.zero_point))), scale(set(x.scale)) {}
  HWY_INLINE FloatVector operator()(const Byte* q) const {
    return hn::Mul(hn::Sub(load_bytes(q), zero), scale);
  }
};

template <bool kHalfAway, class A, class B, class Y>
struct AddEight {
  DequantizeEight<A> real_a;
  DequantizeEight<B> real_b;
  FinishEight<kHalfAway, Y> finish;

  HWY_INLINE uint8_t operator()(const A* a, const B* b, Y* y) const {
    unsigned inside = 0, active = 0;
    for (int v = 0; v < kVectors; ++v) {
      const int at = v * kLanes;
      finish(hn::Add(real_a(a + at), real_b(b + at)), y, v, inside, active);
    }
    return finish.bits(inside, active);
  }
};

// A unary function in the form of a binary one: the second operand is not looked at.
template <bool kHalfAway, class A, class Y>
struct ChangeScaleEight {
  DequantizeEight<A> real;
  FinishEight<kHalfAway, Y> finish;

  HWY_INLINE uint8_t operator()(const A* a, const A*, Y* y) const {
    unsigned inside = 0, active = 0;
    for (int v = 0; v < kVectors; ++v) finish(real(a + v * kLanes), y, v, inside, active);
    return finish.bits(inside, active);
  }
};

// The elements from begin to end; false if one is not finite.
template <bool kHalfAway, class Byte>
bool quantize_chunk(const float* x, const Requantization& output, float scale, int64_t begin,
                    int64_t end, Byte* q, uint8_t* passes) {
  const QuantizeEight<kHalfAway, Byte> body{Rounding<kHalfAway>(output), set(scale)};
  unsigned seen = 0;
  int64_t i = begin;
  for (; i + kEight <= end; i += kEight) {
    const unsigned bits = body(x + i, q + i);
    if (passes != nullptr) passes[i / 8] = static_cast<uint8_t>(bits);
    seen |= bits;
  }
  if (i < end) {
    float values[kEight] = {};
    Byte bytes[kEight];
    std::copy(x + i, x + end, values);
    const unsigned bits = body(values, bytes);
    std::copy_n(bytes, end - i, q + i);
    if (passes != nullptr) passes[i / 8] = static_cast<uint8_t>(bits);
    seen |= bits;
  }
  return seen >> 8 == 0;
}

// Vectors stay out of the body of the loop: clang compiles that without the instruction set.
template <bool kHalfAway, class Byte>
bool quantize_all(const float* x, const Requantization& output, float scale, int64_t count, Byte* q,
                  uint8_t* passes) {
  int wild_chunks = 0;
  const int64_t chunks = (count + kChunk - 1) / kChunk;
#pragma omp parallel for reduction(+ : wild_chunks) if (chunks > 1)
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const int64_t begin = chunk * kChunk, end = std::min(count, begin + kChunk);
    if (!quantize_chunk<kHalfAway>(x, output, scale, begin, end, q, passes)) ++wild_chunks;
  }
  return wild_chunks == 0;
}

bool quantize_simd(const float* x, const Requantization& output, float scale, int64_t count,
                   bool is_signed, void* q, uint8_t* passes) {
  const bool away = output.round_mode == RoundMode::HALF_AWAY_FROM_ZERO;
  const auto run = [&](auto* bytes) {
    return away ? quantize_all<true>(x, output, scale, count, bytes, passes)
                : quantize_all<false>(x, output, scale, count, bytes, passes);
  };
  return is_signed ? run(static_cast<int8_t*>(q)) : run(static_cast<uint8_t*>(q));
}

// Runs a body of eight elements over all, the last ones in places of their own.
template <class Body, class A, class B, class Y>
void run_eights(const Body& body, const A* a, const B* b, int64_t begin, int64_t end, Y* y,
                uint8_t* passes) {
  int64_t i = begin;
  for (; i + kEight <= end; i += kEight) {
    const uint8_t bits = body(a + i, b + i, y + i);
    if (passes != nullptr) passes[i / 8] = bits;
  }
  if (i == end) return;
  A rest_a[kEight] = {};
  B rest_b[kEight] = {};
  Y rest_y[kEight];
  std::copy(a + i, a + end, rest_a);
  std::copy(b + i, b + end, rest_b);
  const uint8_t bits = body(rest_a, rest_b, rest_y);
  std::copy_n(rest_y, end - i, y + i);
  if (passes != nullptr) passes[i / 8] = bits;
}

template <bool kHalfAway, class A, class B, class Y>
void add_all(const QuantizedOperand& a, const QuantizedOperand& b, const Requantization& output,
             float y_scale, int64_t count, Y* y, uint8_t* passes) {
  for_chunks(count, [&](int64_t begin, int64_t end) {
    const AddEight<kHalfAway, A, B, Y> body{DequantizeEight<A>(a), DequantizeEight<B>(b),
                                            FinishEight<kHalfAway, Y>(output, y_scale)};
    run_eights(body, static_cast<const A*>(a.data), static_cast<const B*>(b.data), begin, end, y,
               passes);
  });
}

// Calls run(int8_t* or uint8_t*).
template <class Run>
void with_sign(void* bytes, bool is_signed, const Run& run) {
  if (is_signed) {
    run(static_cast<int8_t*>(bytes));
  } else {
    run(static_cast<uint8_t*>(bytes));
  }
}

void quantized_add_simd(const QuantizedOperand& a, const QuantizedOperand& b,
                        const Requantization& output, float y_scale, int64_t count, bool is_signed,
                        void* y, uint8_t* passes) {
  const bool away = output.round_mode == RoundMode::HALF_AWAY_FROM_ZERO;
  with_sign(y, is_signed, [&]<class Y>(Y* bytes) {
    const auto run = [&](auto type_a, auto type_b) {
      using A = decltype(type_a);
      using B = decltype(type_b);
      if (away) {
        add_all<true, A, B>(a, b, output, y_scale, count, bytes, passes);
      } else {
        add_all<false, A, B>(a, b, output, y_scale, count, bytes, passes);
      }
    };
    if (a.is_signed) {
      b.is_signed ? run(int8_t{}, int8_t{}) : run(int8_t{}, uint8_t{});
    } else {
      b.is_signed ? run(uint8_t{}, int8_t{}) : run(uint8_t{}, uint8_t{});
    }
  });
}

template <bool kHalfAway, class X, class Y>
void change_scale_all(const QuantizedOperand& x, const Requantization& output, float y_scale,
                      int64_t count, Y* y, uint8_t* passes) {
  for_chunks(count, [&](int64_t begin, int64_t end) {
    const ChangeScaleEight<kHalfAway, X, Y> body{DequantizeEight<X>(x),
                                                 FinishEight<kHalfAway, Y>(output, y_scale)};
    const auto* q = static_cast<const X*>(x.data);
    run_eights(body, q, q, begin, end, y, passes);
  });
}

void change_scale_simd(const QuantizedOperand& x, const Requantization& output, float y_scale,
                       int64_t count, bool is_signed, void* y, uint8_t* passes) {
  const bool away = output.round_mode == RoundMode::HALF_AWAY_FROM_ZERO;
  with_sign(y, is_signed, [&]<class Y>(Y* bytes) {
    const auto run = [&](auto type) {
      using X = decltype(type);
      if (away) {
        change_scale_all<true, X>(x, output, y_scale, count, bytes, passes);
      } else {
        change_scale_all<false, X>(x, output, y_scale, count, bytes, passes);
      }
    };
    x.is_signed ? run(int8_t{}) : run(uint8_t{});
  });
}

void masked_scale_simd(const float* dy, const uint8_t* passes, float factor_a, float factor_b,
                       int64_t count, float* da, float* db) {
  for_chunks(count, [&](int64_t begin, int64_t end) {
    int64_t i = begin;
    for (; i + kEight <= end; i += kEight) {
      for (int v = 0; v < kVectors; ++v) {
        const int64_t at = i + v * kLanes;
        const FloatVector gradient = hn::IfThenElseZero(mask_of(passes[i / 8], v), load(dy + at));
        if (da != nullptr) hn::StoreU(hn::Mul(gradient, set(factor_a)), FloatTag(), da + at);
        if (db != nullptr) hn::StoreU(hn::Mul(gradient, set(factor_b)), FloatTag(), db + at);
      }
    }
    for (; i < end; ++i) {
      const float gradient = (passes[i / 8] >> (i % 8) & 1) != 0 ? dy[i] : 0.0F;
      if (da != nullptr) da[i] = gradient * factor_a;
      if (db != nullptr) db[i] = gradient * factor_b;
    }
  });
}

template <class Byte>
void dequantize_all(const QuantizedOperand& x, int64_t count, float* y) {
  const auto* q = static_cast<const Byte*>(x.data);
  for_chunks(count, [&](int64_t begin, int64_t end) {
    const auto zero = static_cast<float>(x.zero_point);
    int64_t i = begin;
    for (; i + kLanes <= end; i += kLanes) {
      hn::StoreU(hn::Mul(hn::Sub(load_bytes(q + i), set(zero)), set(x.scale)), FloatTag(), y + i);
    }
    for (; i < end; ++i) y[i] = (static_cast<float>(q[i]) - zero) * x.scale;
  });
}

void dequantize_simd(const QuantizedOperand& x, int64_t count, float* y) {
  if (x.is_signed) {
    dequantize_all<int8_t>(x, count, y);
  } else {
    dequantize_all<uint8_t>(x, count, y);
  }
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace octet::kernels {

HWY_EXPORT(quantize_simd);
HWY_EXPORT(dequantize_simd);
HWY_EXPORT(quantized_add_simd);
HWY_EXPORT(change_scale_simd);
HWY_EXPORT(masked_scale_simd);

bool quantize(const float* x, const Requantization& output, float scale, int64_t count,
              bool is_signed, void* q, uint8_t* passes) {
  return HWY_DYNAMIC_DISPATCH(quantize_simd)(x, output, scale, count, is_signed, q, passes);
}

void dequantize(const QuantizedOperand& x, int64_t count, float* y) {
  HWY_DYNAMIC_DISPATCH(dequantize_simd)(x, count, y);
}

void quantized_add(const QuantizedOperand& a, const QuantizedOperand& b,
                   const Requantization& output, float y_scale, int64_t count, bool is_signed,
                   void* y, uint8_t* passes) {
  HWY_DYNAMIC_DISPATCH(quantized_add_simd)
  (a, b, output, y_scale, count, is_signed, y, passes);
}

void change_scale(const QuantizedOperand& x, const Requantization& output, float y_scale,
                  int64_t count, bool is_signed, void* y, uint8_t* passes) {
  HWY_DYNAMIC_DISPATCH(change_scale_simd)(x, output, y_scale, count, is_signed, y, passes);
}

void masked_scale(const float* dy, const uint8_t* passes, float factor_a, float factor_b,
                  int64_t count, float* da, float* db) {
  HWY_DYNAMIC_DISPATCH(masked_scale_simd)(dy, passes, factor_a, factor_b, count, da, db);
}

}  // namespace octet::kernels

#endif  // HWY_ONCE
