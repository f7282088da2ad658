#include "octet/kernels/elementwise.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/elementwise.cpp"
#include "octet/kernels/simd_targets.h"
// Compiles the rest of this file once for each instruction set.
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Eight elements, which have one byte of gradient bits, are one vector or several.
using Floats = hn::CappedTag<float, 8>;
using Ints = hn::RebindToSigned<Floats>;
using Vector = hn::Vec<Floats>;
constexpr int kEight = 8;
constexpr int kLanes = hn::MaxLanes(Floats());
constexpr int kVectors = kEight / kLanes;

HWY_INLINE Vector set(float value) {
  return hn::Set(Floats(), value);
}

template <bool kHalfAway>
HWY_INLINE Vector whole(Vector x) {
  if constexpr (!kHalfAway) return hn::Round(x);
  // The rest behind the point is exact.
  const Vector toward_zero = hn::Trunc(x);
  const auto away = hn::Ge(hn::Abs(hn::Sub(x, toward_zero)), set(0.5F));
  return hn::Add(toward_zero, hn::IfThenElseZero(away, hn::CopySign(set(1.0F), x)));
}

template <class Byte>
HWY_INLINE Vector load_bytes(const Byte* bytes) {
  const hn::Rebind<Byte, Floats> tag;
  return hn::ConvertTo(Floats(), hn::PromoteTo(Ints(), hn::LoadU(tag, bytes)));
}

template <class Byte>
HWY_INLINE void store_bytes(Vector whole_numbers, Byte* bytes) {
  const hn::Rebind<Byte, Floats> tag;
  hn::StoreU(hn::DemoteTo(tag, hn::ConvertTo(Ints(), whole_numbers)), tag, bytes);
}

HWY_INLINE unsigned bits_of(hn::Mask<Floats> mask, int vector) {
  uint8_t bytes[8] = {};
  hn::StoreMaskBits(Floats(), mask, bytes);
  return static_cast<unsigned>(bytes[0]) << (vector * kLanes);
}

HWY_INLINE hn::Mask<Floats> mask_of(uint8_t bits, int vector) {
  const uint8_t bytes[8] = {static_cast<uint8_t>(bits >> (vector * kLanes))};
  return hn::LoadMaskBits(Floats(), bytes);
}

// clamp(round(steps) + zero), and where the gradient passes.
template <bool kHalfAway>
struct Rounding {
  Vector zero, lowest, highest;
  unsigned straight;

  explicit Rounding(const Requantization& r)
      : zero(set(static_cast<float>(r.zero_point))),
        lowest(set(static_cast<float>(r.qmin))),
        highest(set(static_cast<float>(r.qmax))),
        straight(r.ste == Ste::STRAIGHT ? 0xFF : 0) {}

  HWY_INLINE Vector operator()(Vector steps, unsigned& inside, int vector) const {
    const Vector v = hn::Add(whole<kHalfAway>(steps), zero);
    const Vector q = hn::Min(hn::Max(v, lowest), highest);
    inside |= bits_of(hn::Eq(q, v), vector);
    return q;
  }
};

// ---- bodies: eight elements each ---------------------------------------------------------------

template <bool kHalfAway, class Byte>
struct QuantizeEight {
  Rounding<kHalfAway> rounding;
  Vector scale;

  // Bits in the upper byte: not finite.
  HWY_INLINE unsigned operator()(const float* x, Byte* q) const {
    unsigned inside = 0, wild = 0;
    for (int v = 0; v < kVectors; ++v) {
      const Vector value = hn::LoadU(Floats(), x + v * kLanes);
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
  Vector scale;
  Vector low, high;  // of the activation
  bool activates;

  FinishEight(const Requantization& output, float y_scale)
      : rounding(output),
        scale(set(y_scale)),
        low(set(0.0F)),
        high(set(output.activation == Activation::kReLU6 ? output.six : INFINITY)),
        activates(output.activation != Activation::kNone) {}

  HWY_INLINE void operator()(Vector real, Y* y, int vector, unsigned& inside,
                             unsigned& active) const {
    if (activates) active |= bits_of(hn::And(hn::Gt(real, low), hn::Lt(real, high)), vector);
    const Vector bounded = activates ? hn::Min(hn::Max(real, low), high) : real;
    store_bytes(rounding(hn::Div(bounded, scale), inside, vector), y + vector * kLanes);
  }
  HWY_INLINE uint8_t bits(unsigned inside, unsigned active) const {
    return static_cast<uint8_t>((inside | rounding.straight) & (activates ? active : 0xFF));
  }
};

template <class Byte>
struct DequantizeEight {
  Vector zero, scale;

  explicit DequantizeEight(const QuantizedOperand& x)
      : zero(set(static_cast<float>(x.zero_point))), scale(set(x.scale)) {}
  HWY_INLINE Vector operator()(const Byte* q) const {
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

// ---- loops -------------------------------------------------------------------------------------

// Elements of one task: they fit into the second-level cache.
constexpr int64_t kChunk = 1 << 14;

// Calls body(begin, end) for pieces of [0, count) that begin at multiples of eight.
template <class Body>
void for_chunks(int64_t count, const Body& body) {
  const int64_t chunks = (count + kChunk - 1) / kChunk;
#pragma omp parallel for if (chunks > 1)
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    body(chunk * kChunk, std::min(count, (chunk + 1) * kChunk));
  }
}

template <bool kHalfAway, class Byte>
bool quantize_all(const float* x, const Requantization& output, float scale, int64_t count, Byte* q,
                  uint8_t* passes) {
  int wild_chunks = 0;
  const int64_t chunks = (count + kChunk - 1) / kChunk;
#pragma omp parallel for reduction(+ : wild_chunks) if (chunks > 1)
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const QuantizeEight<kHalfAway, Byte> body{Rounding<kHalfAway>(output), set(scale)};
    const int64_t end = std::min(count, (chunk + 1) * kChunk);
    unsigned seen = 0;
    int64_t i = chunk * kChunk;
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
    if (seen >> 8 != 0) ++wild_chunks;
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
        const Vector gradient =
            hn::IfThenElseZero(mask_of(passes[i / 8], v), hn::LoadU(Floats(), dy + at));
        if (da != nullptr) hn::StoreU(hn::Mul(gradient, set(factor_a)), Floats(), da + at);
        if (db != nullptr) hn::StoreU(hn::Mul(gradient, set(factor_b)), Floats(), db + at);
      }
    }
    for (; i < end; ++i) {
      const float gradient = (passes[i / 8] >> (i % 8) & 1) != 0 ? dy[i] : 0.0F;
      if (da != nullptr) da[i] = gradient * factor_a;
      if (db != nullptr) db[i] = gradient * factor_b;
    }
  });
}

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
  Vector lowest, highest, scale, zero;
};

template <bool kHalfAway>
HWY_INLINE Vector quantized(const WeightEight& c, Vector w, hn::Mask<Floats>& inside) {
  const Vector v = hn::Add(whole<kHalfAway>(hn::Div(w, c.scale)), c.zero);
  const Vector q = hn::Min(hn::Max(v, c.lowest), c.highest);
  inside = hn::Eq(q, v);
  return q;
}

// Calls body(w, at, count, inside, q) vector by vector; the last one may be partly filled.
template <bool kHalfAway, class Use>
void for_quantized(const WeightQuantization& quantization, const float* w, const Use& use) {
  for_weight_rows(quantization, [&](float scale, float zero, int64_t begin, int64_t end) {
    const WeightEight constants{set(static_cast<float>(quantization.qmin)),
                                set(static_cast<float>(quantization.qmax)), set(scale), set(zero)};
    for (int64_t i = begin; i < end; i += kLanes) {
      const int64_t count = std::min<int64_t>(kLanes, end - i);
      float rest[kEight] = {};
      const float* source = w + i;
      if (count < kLanes) {
        std::copy_n(source, count, rest);
        source = rest;
      }
      const Vector value = hn::LoadU(Floats(), source);
      hn::Mask<Floats> inside;
      const Vector q = quantized<kHalfAway>(constants, value, inside);
      use(i, count, value, q, inside, constants.scale);
    }
  });
}

HWY_INLINE void store_some(Vector value, int64_t count, float* to) {
  if (count == kLanes) return hn::StoreU(value, Floats(), to);
  float rest[kEight];
  hn::StoreU(value, Floats(), rest);
  std::copy_n(rest, count, to);
}

HWY_INLINE Vector load_some(const float* from, int64_t count) {
  if (count == kLanes) return hn::LoadU(Floats(), from);
  float rest[kEight] = {};
  std::copy_n(from, count, rest);
  return hn::LoadU(Floats(), rest);
}

bool quantize_weights_simd(const WeightQuantization& quantization, const float* w, float* q) {
  bool is_finite = true;
  const auto use = [&](int64_t at, int64_t count, Vector value, Vector integers, hn::Mask<Floats>,
                       Vector) {
    if (HWY_UNLIKELY(!hn::AllTrue(Floats(), hn::IsFinite(value)))) {
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
  const auto use = [&](int64_t at, int64_t count, Vector, Vector, hn::Mask<Floats> inside,
                       Vector scale) {
    const Vector gradient = hn::Div(load_some(dq + at, count), scale);
    store_some(straight ? gradient : hn::IfThenElseZero(inside, gradient), count, dw + at);
  };
  if (quantization.round_mode == RoundMode::HALF_AWAY_FROM_ZERO) {
    for_quantized<true>(quantization, w, use);
  } else {
    for_quantized<false>(quantization, w, use);
  }
}

template <class Byte>
void dequantize_all(const QuantizedOperand& x, int64_t count, float* y) {
  const auto* q = static_cast<const Byte*>(x.data);
  for_chunks(count, [&](int64_t begin, int64_t end) {
    const auto zero = static_cast<float>(x.zero_point);
    int64_t i = begin;
    for (; i + kLanes <= end; i += kLanes) {
      hn::StoreU(hn::Mul(hn::Sub(load_bytes(q + i), set(zero)), set(x.scale)), Floats(), y + i);
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

// Applies `vector` to whole vectors and `scalar` to what remains.
template <class VectorBody, class ScalarBody>
void elementwise(int64_t count, const VectorBody& vector, const ScalarBody& scalar) {
  for_chunks(count, [&](int64_t begin, int64_t end) {
    int64_t i = begin;
    for (; i + kLanes <= end; i += kLanes) vector(i);
    for (; i < end; ++i) scalar(i);
  });
}

HWY_INLINE Vector at(const float* x) {
  return hn::LoadU(Floats(), x);
}

void add_simd(const float* x, float* y, int64_t count) {
  elementwise(
      count, [&](int64_t i) { hn::StoreU(hn::Add(at(x + i), at(y + i)), Floats(), y + i); },
      [&](int64_t i) { y[i] += x[i]; });
}

void sum_simd(const float* a, const float* b, int64_t count, bool relu, float* y) {
  const float low = relu ? 0.0F : -INFINITY;
  elementwise(
      count,
      [&](int64_t i) {
        hn::StoreU(hn::Max(hn::Add(at(a + i), at(b + i)), set(low)), Floats(), y + i);
      },
      [&](int64_t i) { y[i] = std::max(a[i] + b[i], low); });
}

void relu_simd(const float* x, float bound, int64_t count, float* y) {
  elementwise(
      count,
      [&](int64_t i) {
        hn::StoreU(hn::Min(hn::Max(at(x + i), set(0.0F)), set(bound)), Floats(), y + i);
      },
      [&](int64_t i) { y[i] = std::min(std::max(x[i], 0.0F), bound); });
}

void relu_backward_simd(const float* dy, const float* y, float bound, int64_t count, float* dx) {
  elementwise(
      count,
      [&](int64_t i) {
        const Vector value = at(y + i);
        const auto on = hn::And(hn::Gt(value, set(0.0F)), hn::Lt(value, set(bound)));
        hn::StoreU(hn::IfThenElseZero(on, at(dy + i)), Floats(), dx + i);
      },
      [&](int64_t i) { dx[i] = y[i] > 0 && y[i] < bound ? dy[i] : 0.0F; });
}

void scale_simd(const float* x, float factor, int64_t count, float* y) {
  elementwise(
      count, [&](int64_t i) { hn::StoreU(hn::Mul(at(x + i), set(factor)), Floats(), y + i); },
      [&](int64_t i) { y[i] = x[i] * factor; });
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace octet::kernels {

HWY_EXPORT(add_simd);
HWY_EXPORT(sum_simd);
HWY_EXPORT(relu_simd);
HWY_EXPORT(relu_backward_simd);
HWY_EXPORT(scale_simd);
HWY_EXPORT(quantize_simd);
HWY_EXPORT(dequantize_simd);
HWY_EXPORT(quantized_add_simd);
HWY_EXPORT(change_scale_simd);
HWY_EXPORT(masked_scale_simd);
HWY_EXPORT(quantize_weights_simd);
HWY_EXPORT(quantize_weights_backward_simd);

void add(const float* x, float* y, int64_t count) {
  HWY_DYNAMIC_DISPATCH(add_simd)(x, y, count);
}

void sum(const float* a, const float* b, int64_t count, bool relu, float* y) {
  HWY_DYNAMIC_DISPATCH(sum_simd)(a, b, count, relu, y);
}

void relu(const float* x, float bound, int64_t count, float* y) {
  HWY_DYNAMIC_DISPATCH(relu_simd)(x, bound, count, y);
}

void relu_backward(const float* dy, const float* y, float bound, int64_t count, float* dx) {
  HWY_DYNAMIC_DISPATCH(relu_backward_simd)(dy, y, bound, count, dx);
}

void scale(const float* x, float factor, int64_t count, float* y) {
  HWY_DYNAMIC_DISPATCH(scale_simd)(x, factor, count, y);
}

void finish_sums(const int32_t* acc, const ChannelRows& rows, std::span<const int32_t> bias,
                 float* y) {
#pragma omp parallel for
  for (int64_t row = 0; row < rows.rows(); ++row) {
    const int64_t channel = rows.first_channel(row);
    for (int64_t lane = 0; lane < rows.lanes; ++lane) {
      const int64_t i = row * rows.lanes + lane;
      y[i] = static_cast<float>(bias.empty() ? acc[i] : acc[i] + bias[channel + lane]);
    }
  }
}

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

bool quantize_weights(const WeightQuantization& quantization, const float* w, float* q) {
  return HWY_DYNAMIC_DISPATCH(quantize_weights_simd)(quantization, w, q);
}

void quantize_weights_backward(const WeightQuantization& quantization, const float* w,
                               const float* dq, float* dw) {
  HWY_DYNAMIC_DISPATCH(quantize_weights_backward_simd)(quantization, w, dq, dw);
}

}  // namespace octet::kernels

#endif  // HWY_ONCE
