#include "octet/kernels/quantized_arithmetic.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/quantized_arithmetic.cpp"
#include "octet/kernels/simd_targets.h"
// Compiles the rest of this file once for each instruction set.
#include <hwy/foreach_target.h>

#include "octet/kernels/quantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

// What follows the real numbers.
template <bool kHalfAway, class Tag>
struct Finish {
  Rounding<kHalfAway, Tag> rounding;
  hn::Vec<Tag> scale;
  hn::Vec<Tag> low, high;  // of the activation
  bool activates;

  Finish(const Requantization& output, float y_scale)
      : rounding(output),
        scale(hn::Set(Tag(), y_scale)),
        low(hn::Zero(Tag())),
        high(hn::Set(Tag(), output.activation == Activation::kReLU6 ? output.six : INFINITY)),
        activates(output.activation != Activation::kNone) {}

  HWY_INLINE void operator()(hn::Vec<Tag> real, uint8_t* y, int vector, unsigned& inside,
                             unsigned& active) const {
    if (activates) {
      active |= bits_of(Tag(), hn::And(hn::Gt(real, low), hn::Lt(real, high)), vector);
      real = hn::Min(hn::Max(real, low), high);
    }
    store_bytes(rounding(hn::Div(real, scale), inside, vector), y + vector * hn::MaxLanes(Tag()));
  }
  HWY_INLINE unsigned bits(unsigned inside, unsigned active) const {
    return (inside | rounding.straight) & (activates ? active : 0xFFFF);
  }
};

template <BinaryFunction kFunction, class Vector>
HWY_INLINE Vector combined(Vector a, Vector b) {
  if constexpr (kFunction == BinaryFunction::kAdd) return hn::Add(a, b);
  if constexpr (kFunction == BinaryFunction::kSub) return hn::Sub(a, b);
  return hn::Mul(a, b);
}

// Sixteen lanes where there are as many.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
using WideTag = hn::FixedTag<float, 16>;
#else
using WideTag = FloatTag;
#endif
inline constexpr int kWideLanes = hn::MaxLanes(WideTag());
inline constexpr int kWide = std::max(kEight, kWideLanes);  // elements that go together

// kWide bytes of a and b to y, and their gradient bits.
template <BinaryFunction kFunction, bool kHalfAway>
struct Binary {
  Dequantize<WideTag> real_a, real_b;
  Finish<kHalfAway, WideTag> finish;

  HWY_INLINE unsigned operator()(const uint8_t* a, const uint8_t* b, uint8_t* y) const {
    unsigned inside = 0, active = 0;
    for (int at = 0; at < kWide; at += kWideLanes) {
      finish(combined<kFunction>(real_a(a + at), real_b(b + at)), y, at / kWideLanes, inside,
             active);
    }
    return finish.bits(inside, active);
  }
};

// A unary function in the form of a binary one: the second operand is not looked at.
template <bool kHalfAway>
struct ChangeOfScale {
  Dequantize<WideTag> real;
  Finish<kHalfAway, WideTag> finish;

  HWY_INLINE unsigned operator()(const uint8_t* a, const uint8_t*, uint8_t* y) const {
    unsigned inside = 0, active = 0;
    for (int at = 0; at < kWide; at += kWideLanes) {
      finish(real(a + at), y, at / kWideLanes, inside, active);
    }
    return finish.bits(inside, active);
  }
};

// Runs a body of kWide elements over all, the last ones in places of their own.
template <class Body>
void run_over(const Body& body, const uint8_t* a, const uint8_t* b, int64_t begin, int64_t end,
              uint8_t* y, uint8_t* passes) {
  int64_t i = begin;
  for (; i + kWide <= end; i += kWide) {
    const unsigned bits = body(a + i, b + i, y + i);
    if (passes != nullptr) std::memcpy(passes + i / 8, &bits, kWide / 8);
  }
  if (i == end) return;
  uint8_t rest_a[kWide] = {}, rest_b[kWide] = {}, rest_y[kWide];
  std::copy(a + i, a + end, rest_a);
  std::copy(b + i, b + end, rest_b);
  const unsigned bits = body(rest_a, rest_b, rest_y);
  std::copy_n(rest_y, end - i, y + i);
  if (passes != nullptr) std::memcpy(passes + i / 8, &bits, (end - i + 7) / 8);
}

template <BinaryFunction kFunction, bool kHalfAway>
void binary_all(const QuantizedOperand& a, const QuantizedOperand& b, const Requantization& output,
                float y_scale, int64_t count, uint8_t* y, uint8_t* passes) {
  for_chunks(count, [&](int64_t begin, int64_t end) {
    const Binary<kFunction, kHalfAway> body{Dequantize<WideTag>(a), Dequantize<WideTag>(b),
                                            Finish<kHalfAway, WideTag>(output, y_scale)};
    run_over(body, static_cast<const uint8_t*>(a.data), static_cast<const uint8_t*>(b.data), begin,
             end, y, passes);
  });
}

// Vectors stay out of the body of the parallel loop: clang compiles that without the instruction
// set.
template <BinaryFunction kFunction, bool kHalfAway>
void of_channels_block(const QuantizedOperand& image, const uint8_t* values,
                       const QuantizedOperand& channels, const Requantization& output,
                       float y_scale, int64_t pixels, const uint8_t* a, uint8_t* y,
                       uint8_t* passes) {
  const DequantizeEight real_image(image), real_channels(channels);
  const Finish<kHalfAway, FloatTag> finish(output, y_scale);
  FloatVector b[kVectors];
  for (int v = 0; v < kVectors; ++v) b[v] = real_channels(values + v * kLanes);
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    unsigned inside = 0, active = 0;
    for (int v = 0; v < kVectors; ++v) {
      finish(combined<kFunction>(real_image(a + pixel * kEight + v * kLanes), b[v]),
             y + pixel * kEight, v, inside, active);
    }
    if (passes != nullptr) passes[pixel] = static_cast<uint8_t>(finish.bits(inside, active));
  }
}

template <BinaryFunction kFunction, bool kHalfAway>
void of_channels_all(const QuantizedOperand& image, const QuantizedOperand& channels,
                     const Requantization& output, float y_scale, const ChannelBlocks& blocks,
                     uint8_t* y, uint8_t* passes) {
  const auto* a = static_cast<const uint8_t*>(image.data);
  const auto* values = static_cast<const uint8_t*>(channels.data);
#pragma omp parallel for if (blocks.images * blocks.pixels * kEight > kChunk)
  for (int64_t block = 0; block < blocks.images; ++block) {
    const int64_t pixel = block * blocks.pixels;
    of_channels_block<kFunction, kHalfAway>(
        image, values + block % blocks.channels * kEight, channels, output, y_scale, blocks.pixels,
        a + pixel * kEight, y + pixel * kEight, passes == nullptr ? nullptr : passes + pixel);
  }
}

// Calls run<kFunction, kHalfAway>().
template <class Run>
void for_function(BinaryFunction function, const Requantization& output, const Run& run) {
  const auto rounded = [&]<BinaryFunction kFunction>() {
    if (output.round_mode == RoundMode::HALF_AWAY_FROM_ZERO) {
      run.template operator()<kFunction, true>();
    } else {
      run.template operator()<kFunction, false>();
    }
  };
  switch (function) {
    case BinaryFunction::kAdd:
      return rounded.template operator()<BinaryFunction::kAdd>();
    case BinaryFunction::kSub:
      return rounded.template operator()<BinaryFunction::kSub>();
    default:
      return rounded.template operator()<BinaryFunction::kMul>();
  }
}

void quantized_binary_of_channels_simd(BinaryFunction function, const QuantizedOperand& image,
                                       const QuantizedOperand& channels,
                                       const Requantization& output, float y_scale,
                                       const ChannelBlocks& blocks, uint8_t* y, uint8_t* passes) {
  for_function(function, output, [&]<BinaryFunction kFunction, bool kHalfAway>() {
    of_channels_all<kFunction, kHalfAway>(image, channels, output, y_scale, blocks, y, passes);
  });
}

void quantized_binary_simd(BinaryFunction function, const QuantizedOperand& a,
                           const QuantizedOperand& b, const Requantization& output, float y_scale,
                           int64_t count, uint8_t* y, uint8_t* passes) {
  for_function(function, output, [&]<BinaryFunction kFunction, bool kHalfAway>() {
    binary_all<kFunction, kHalfAway>(a, b, output, y_scale, count, y, passes);
  });
}

template <bool kHalfAway>
void change_scale_chunk(const QuantizedOperand& x, const Requantization& output, float y_scale,
                        const uint8_t* q, int64_t begin, int64_t end, uint8_t* y, uint8_t* passes) {
  const ChangeOfScale<kHalfAway> body{Dequantize<WideTag>(x),
                                      Finish<kHalfAway, WideTag>(output, y_scale)};
  run_over(body, q, q, begin, end, y, passes);
}

template <bool kHalfAway>
void change_scale_all(const QuantizedOperand& x, const Requantization& output, float y_scale,
                      const Pieces& pieces, uint8_t* y, uint8_t* passes) {
  const auto* q = static_cast<const uint8_t*>(x.data);
  const int64_t chunks = (pieces.bytes + kChunk - 1) / kChunk, bit_bytes = (pieces.bytes + 7) / 8;
#pragma omp parallel for if (pieces.count * pieces.bytes > kChunk)
  for (int64_t task = 0; task < pieces.count * chunks; ++task) {
    const int64_t piece = task / chunks, begin = task % chunks * kChunk;
    change_scale_chunk<kHalfAway>(x, output, y_scale, q + piece * pieces.from_stride, begin,
                                  std::min(pieces.bytes, begin + kChunk),
                                  y + piece * pieces.to_stride,
                                  passes == nullptr ? nullptr : passes + piece * bit_bytes);
  }
}

void change_scale_simd(const QuantizedOperand& x, const Requantization& output, float y_scale,
                       const Pieces& pieces, uint8_t* y, uint8_t* passes) {
  const bool away = output.round_mode == RoundMode::HALF_AWAY_FROM_ZERO;
  (away ? change_scale_all<true> : change_scale_all<false>)(x, output, y_scale, pieces, y, passes);
}

struct ProductGradientsEight {
  DequantizeEight real_a, real_b;
  FloatVector factor_a, factor_b;

  HWY_INLINE void operator()(const float* dy, uint8_t passes, const uint8_t* a, const uint8_t* b,
                             float* da, float* db) const {
    for (int v = 0; v < kVectors; ++v) {
      const int at = v * kLanes;
      const FloatVector gradient = where_set(passes, v, load(dy + at));
      const FloatVector to_a = hn::Mul(hn::Mul(gradient, factor_a), real_b(b + at));
      const FloatVector to_b = hn::Mul(hn::Mul(gradient, factor_b), real_a(a + at));
      if (da != nullptr) hn::StoreU(to_a, FloatTag(), da + at);
      if (db != nullptr) hn::StoreU(to_b, FloatTag(), db + at);
    }
  }
};

void product_gradients_simd(const float* dy, const uint8_t* passes, float y_scale,
                            const QuantizedOperand& a, const QuantizedOperand& b, int64_t count,
                            float* da, float* db) {
  const auto* bytes_a = static_cast<const uint8_t*>(a.data);
  const auto* bytes_b = static_cast<const uint8_t*>(b.data);
  for_chunks(count, [&](int64_t begin, int64_t end) {
    const ProductGradientsEight body{DequantizeEight(a), DequantizeEight(b), set(a.scale / y_scale),
                                     set(b.scale / y_scale)};
    int64_t i = begin;
    for (; i + kEight <= end; i += kEight) {
      body(dy + i, passes[i / 8], bytes_a + i, bytes_b + i, da == nullptr ? nullptr : da + i,
           db == nullptr ? nullptr : db + i);
    }
    if (i == end) return;
    uint8_t rest_a[kEight] = {}, rest_b[kEight] = {};
    float rest_dy[kEight] = {}, rest_da[kEight], rest_db[kEight];
    std::copy(bytes_a + i, bytes_a + end, rest_a);
    std::copy(bytes_b + i, bytes_b + end, rest_b);
    std::copy(dy + i, dy + end, rest_dy);
    body(rest_dy, passes[i / 8], rest_a, rest_b, rest_da, rest_db);
    if (da != nullptr) std::copy_n(rest_da, end - i, da + i);
    if (db != nullptr) std::copy_n(rest_db, end - i, db + i);
  });
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace octet::kernels {

HWY_EXPORT(quantized_binary_simd);
HWY_EXPORT(quantized_binary_of_channels_simd);
HWY_EXPORT(change_scale_simd);
HWY_EXPORT(product_gradients_simd);

void quantized_binary(BinaryFunction function, const QuantizedOperand& a, const QuantizedOperand& b,
                      const Requantization& output, float y_scale, int64_t count, void* y,
                      uint8_t* passes) {
  HWY_DYNAMIC_DISPATCH(quantized_binary_simd)
  (function, a, b, output, y_scale, count, static_cast<uint8_t*>(y), passes);
}

void quantized_binary_of_channels(BinaryFunction function, const QuantizedOperand& image,
                                  const QuantizedOperand& channels, const Requantization& output,
                                  float y_scale, const ChannelBlocks& blocks, void* y,
                                  uint8_t* passes) {
  HWY_DYNAMIC_DISPATCH(quantized_binary_of_channels_simd)
  (function, image, channels, output, y_scale, blocks, static_cast<uint8_t*>(y), passes);
}

void change_scale(const QuantizedOperand& x, const Requantization& output, float y_scale,
                  const Pieces& pieces, void* y, uint8_t* passes) {
  HWY_DYNAMIC_DISPATCH(change_scale_simd)
  (x, output, y_scale, pieces, static_cast<uint8_t*>(y), passes);
}

void change_scale(const QuantizedOperand& x, const Requantization& output, float y_scale,
                  int64_t count, void* y, uint8_t* passes) {
  change_scale(x, output, y_scale, Pieces{.bytes = count}, y, passes);
}

void product_gradients(const float* dy, const uint8_t* passes, float y_scale,
                       const QuantizedOperand& a, const QuantizedOperand& b, int64_t count,
                       float* da, float* db) {
  HWY_DYNAMIC_DISPATCH(product_gradients_simd)(dy, passes, y_scale, a, b, count, da, db);
}

}  // namespace octet::kernels

#endif  // HWY_ONCE
