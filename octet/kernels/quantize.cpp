#include "octet/kernels/quantize.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/quantize.cpp"
#include "octet/kernels/simd_targets.h"
// Compiles the rest of this file once for each instruction set.
#include <hwy/foreach_target.h>

#include "octet/kernels/quantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

// The elements from begin to end; false if one is not finite.
template <bool kHalfAway, bool kActivates>
bool quantize_chunk(const float* x, const Requantization& output, float scale, int64_t begin,
                    int64_t end, uint8_t* q, uint8_t* passes) {
  const QuantizeEight<kHalfAway, kActivates> body(output, scale);
  Wild wild;
  int64_t i = begin;
  for (; i + kEight <= end; i += kEight) {
    const uint8_t bits = body([&](int v) { return load(x + i + v * kLanes); }, q + i, wild);
    if (passes != nullptr) passes[i / 8] = bits;
  }
  if (i < end) {
    float values[kEight] = {};
    uint8_t bytes[kEight];
    std::copy(x + i, x + end, values);
    const uint8_t bits = body([&](int v) { return load(values + v * kLanes); }, bytes, wild);
    std::copy_n(bytes, end - i, q + i);
    if (passes != nullptr) passes[i / 8] = bits;
  }
  return !wild.any();
}

// Vectors stay out of the body of the loop: clang compiles that without the instruction set.
template <bool kHalfAway, bool kActivates>
bool quantize_all(const float* x, const Requantization& output, float scale, int64_t count,
                  uint8_t* q, uint8_t* passes) {
  int wild_chunks = 0;
  const int64_t chunks = (count + kChunk - 1) / kChunk;
#pragma omp parallel for reduction(+ : wild_chunks) if (chunks > 1)
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const int64_t begin = chunk * kChunk, end = std::min(count, begin + kChunk);
    if (!quantize_chunk<kHalfAway, kActivates>(x, output, scale, begin, end, q, passes)) {
      ++wild_chunks;
    }
  }
  return wild_chunks == 0;
}

bool quantize_simd(const float* x, const Requantization& output, float scale, int64_t count,
                   uint8_t* q, uint8_t* passes) {
  const bool away = output.round_mode == RoundMode::HALF_AWAY_FROM_ZERO;
  const auto quantize = output.activation == Activation::kNone
                            ? (away ? quantize_all<true, false> : quantize_all<false, false>)
                            : (away ? quantize_all<true, true> : quantize_all<false, true>);
  return quantize(x, output, scale, count, q, passes);
}

void dequantize_simd(const QuantizedOperand& x, int64_t count, float* y) {
  const auto* q = static_cast<const uint8_t*>(x.data);
  for_chunks(count, [&](int64_t begin, int64_t end) {
    const DequantizeEight real(x);
    int64_t i = begin;
    for (; i + kLanes <= end; i += kLanes) hn::StoreU(real(q + i), FloatTag(), y + i);
    if (i == end) return;
    uint8_t rest[kLanes] = {};
    float values[kLanes];
    std::copy(q + i, q + end, rest);
    hn::StoreU(real(rest), FloatTag(), values);
    std::copy_n(values, end - i, y + i);
  });
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace octet::kernels {

HWY_EXPORT(quantize_simd);
HWY_EXPORT(dequantize_simd);

bool quantize(const float* x, const Requantization& output, float scale, int64_t count, void* q,
              uint8_t* passes) {
  return HWY_DYNAMIC_DISPATCH(quantize_simd)(x, output, scale, count, static_cast<uint8_t*>(q),
                                             passes);
}

void dequantize(const QuantizedOperand& x, int64_t count, float* y) {
  HWY_DYNAMIC_DISPATCH(dequantize_simd)(x, count, y);
}

}  // namespace octet::kernels

#endif  // HWY_ONCE
