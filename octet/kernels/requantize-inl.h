// The vector form of requantization.h for eight elements that lie side by side, which give one byte
// of gradient bits. Included once for each instruction set, behind foreach_target.h.
#if defined(OCTET_KERNELS_REQUANTIZE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OCTET_KERNELS_REQUANTIZE_INL_H
#undef OCTET_KERNELS_REQUANTIZE_INL_H
#else
#define OCTET_KERNELS_REQUANTIZE_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstring>

#include "octet/kernels/rounding_constants.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Eight elements are one vector, or several where vectors are shorter.
using FloatTag = hn::CappedTag<float, 8>;
using IntTag = hn::RebindToSigned<FloatTag>;
using ByteTag = hn::Rebind<uint8_t, FloatTag>;
using FloatVector = hn::Vec<FloatTag>;
using IntVector = hn::Vec<IntTag>;
inline constexpr int kLanes = hn::MaxLanes(FloatTag());
inline constexpr int kVectors = 8 / kLanes;
static_assert(kLanes * kVectors == 8);

HWY_INLINE IntVector load_sums(const int32_t* acc) {
  return hn::LoadU(IntTag(), acc);
}
HWY_INLINE IntVector load_sums(const float* acc) {
  return hn::ConvertTo(IntTag(), hn::LoadU(FloatTag(), acc));
}

// What eight channels have for themselves.
struct EightFactors {
  FloatVector multiplier[kVectors];
  FloatVector offset[kVectors];
  IntVector bias[kVectors];
};

HWY_INLINE EightFactors load_factors(const ChannelFactors& factors, int64_t channel) {
  EightFactors eight;
  for (int v = 0; v < kVectors; ++v) {
    const int64_t at = channel + v * kLanes;
    eight.multiplier[v] = hn::LoadU(FloatTag(), factors.multiplier.data() + at);
    eight.offset[v] = hn::LoadU(FloatTag(), factors.offset.data() + at);
    eight.bias[v] = hn::LoadU(IntTag(), factors.bias.data() + at);
  }
  return eight;
}

// Eight elements of one channel.
HWY_INLINE EightFactors broadcast_factors(const ChannelFactors& factors, int64_t channel) {
  EightFactors eight;
  for (int v = 0; v < kVectors; ++v) {
    eight.multiplier[v] = hn::Set(FloatTag(), factors.multiplier[channel]);
    eight.offset[v] = hn::Set(FloatTag(), factors.offset[channel]);
    eight.bias[v] = hn::Set(IntTag(), factors.bias[channel]);
  }
  return eight;
}

// kBits: whether the gradient bits are wanted; without them they are not right.
template <bool kHalfAway, bool kBits>
class EightRounding {
 public:
  explicit HWY_INLINE EightRounding(const RoundingConstants& constants)
      : cut_below_(hn::Set(FloatTag(), constants.cut_below)),
        cut_above_(hn::Set(FloatTag(), constants.cut_above)),
        clamp_low_(hn::Set(FloatTag(), constants.clamp_low)),
        clamp_high_(hn::Set(FloatTag(), constants.clamp_high)),
        lowest_(hn::Set(IntTag(), constants.lowest)),
        highest_(hn::Set(IntTag(), constants.highest)),
        zero_point_(hn::Set(IntTag(), constants.zero_point - kRoundingBits)),
        straight_(hn::Set(IntTag(), constants.straight ? -1 : 0)) {}

  // Eight sums become eight bytes; returns the bits of those that the gradient passes.
  template <class Sum>
  HWY_INLINE uint8_t one(const Sum* acc, const EightFactors& factors, uint8_t* y) const {
    unsigned bits = 0;
    for (int v = 0; v < kVectors; ++v) {
      const Rounded r = rounded(load_sums(acc + v * kLanes), factors, v);
      // Only the low eight bits matter, signed or not.
      const IntVector q = hn::And(r.q, hn::Set(IntTag(), 0xFF));
      hn::StoreU(hn::DemoteTo(ByteTag(), q), ByteTag(), y + v * kLanes);
      if constexpr (kBits) bits |= sign_bits(r.passes) << (v * kLanes);
    }
    return static_cast<uint8_t>(bits);
  }

  // Four times eight sums, of the channels of factors[0], factors[factor_step], ...; returns the
  // bits from the lowest byte on.
  template <class Sum>
  HWY_INLINE uint32_t four(const Sum* acc, int64_t acc_step, const EightFactors* factors,
                           int64_t factor_step, uint8_t* y, int64_t y_step) const {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
    Rounded r[4];
    for (int i = 0; i < 4; ++i) {
      r[i] = rounded(load_sums(acc + i * acc_step), factors[i * factor_step], 0);
    }
    const __m256i q = low_bytes(r[0].q.raw, r[1].q.raw, r[2].q.raw, r[3].q.raw);
    const __m128i low = _mm256_castsi256_si128(q), high = _mm256_extracti128_si256(q, 1);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(y), low);
    _mm_storeh_pd(reinterpret_cast<double*>(y + y_step), _mm_castsi128_pd(low));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(y + 2 * y_step), high);
    _mm_storeh_pd(reinterpret_cast<double*>(y + 3 * y_step), _mm_castsi128_pd(high));
    if constexpr (!kBits) return 0;
    return static_cast<uint32_t>(_mm256_movemask_epi8(
        low_bytes(r[0].passes.raw, r[1].passes.raw, r[2].passes.raw, r[3].passes.raw)));
#else
    uint32_t bits = 0;
    for (int i = 0; i < 4; ++i) {
      const uint32_t byte = one(acc + i * acc_step, factors[i * factor_step], y + i * y_step);
      bits |= byte << (8 * i);
    }
    return bits;
#endif
  }

 private:
  struct Rounded {
    IntVector q;
    IntVector passes;  // -1 where the gradient passes, else 0
  };

  HWY_INLINE Rounded rounded(IntVector acc, const EightFactors& factors, int v) const {
    const IntVector sum = hn::Add(acc, factors.bias[v]);
    const FloatVector steps =
        hn::Mul(hn::Add(hn::ConvertTo(FloatTag(), sum), factors.offset[v]), factors.multiplier[v]);
    const IntVector near = whole(hn::Min(hn::Max(steps, clamp_low_), clamp_high_));
    const IntVector clamped = hn::Min(hn::Max(near, lowest_), highest_);
    const IntVector q = hn::Add(clamped, zero_point_);
    if constexpr (!kBits) return {q, straight_};
    const IntVector inside = hn::Or(hn::VecFromMask(IntTag(), hn::Eq(near, clamped)), straight_);
    const auto cut = hn::Or(hn::Le(steps, cut_below_), hn::Ge(steps, cut_above_));
    return {q, hn::AndNot(hn::BitCast(IntTag(), hn::VecFromMask(FloatTag(), cut)), inside)};
  }

  // kRoundingBits + the whole number next to x.
  static HWY_INLINE IntVector whole(FloatVector x) {
    const FloatVector magic = hn::Set(FloatTag(), kRoundingFloat);
    const FloatVector shifted = hn::Add(x, magic);
    const IntVector even = hn::BitCast(IntTag(), shifted);
    if constexpr (!kHalfAway) return even;
    // Where a half has gone to the even number next to zero, the other one is due. The difference
    // to the rounded number is exact.
    const FloatVector zero = hn::Zero(FloatTag());
    const FloatVector rest = hn::Sub(x, hn::Sub(shifted, magic));
    const auto up = hn::And(hn::Eq(rest, hn::Set(FloatTag(), 0.5F)), hn::Gt(x, zero));
    const auto down = hn::And(hn::Eq(rest, hn::Set(FloatTag(), -0.5F)), hn::Lt(x, zero));
    const IntVector one = hn::Set(IntTag(), 1);
    const IntVector higher = hn::IfThenElseZero(hn::RebindMask(IntTag(), up), one);
    const IntVector lower = hn::IfThenElseZero(hn::RebindMask(IntTag(), down), one);
    return hn::Sub(hn::Add(even, higher), lower);
  }

  static HWY_INLINE unsigned sign_bits(IntVector v) {
    uint8_t bytes[8] = {};
    hn::StoreMaskBits(IntTag(), hn::MaskFromVec(v), bytes);
    return bytes[0];
  }

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  // The low bytes of numbers in [-2^15, 2^15), one vector after the other. Highway has no packing
  // that keeps to an order.
  static HWY_INLINE __m256i low_bytes(__m256i a, __m256i b, __m256i c, __m256i d) {
    const __m256i byte = _mm256_set1_epi16(0xFF);
    const __m256i ab = _mm256_and_si256(_mm256_packs_epi32(a, b), byte);
    const __m256i cd = _mm256_and_si256(_mm256_packs_epi32(c, d), byte);
    return _mm256_permutevar8x32_epi32(_mm256_packus_epi16(ab, cd),
                                       _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  }
#endif

  FloatVector cut_below_, cut_above_, clamp_low_, clamp_high_;
  IntVector lowest_, highest_, zero_point_, straight_;
};

// The first `count` of eight: nothing behind them is read or written.
template <class Rounding, class Sum>
HWY_INLINE uint8_t requantize_some(const Rounding& rounding, const Sum* acc,
                                   const EightFactors& factors, int64_t count, uint8_t* y) {
  if (HWY_LIKELY(count >= 8)) return rounding.one(acc, factors, y);
  Sum sums[8] = {};
  uint8_t bytes[8];
  std::memcpy(sums, acc, count * sizeof(Sum));
  const unsigned bits = rounding.one(sums, factors, bytes);
  std::memcpy(y, bytes, count);
  return static_cast<uint8_t>(bits & ((1U << count) - 1));
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
