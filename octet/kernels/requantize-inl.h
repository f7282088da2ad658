// The vector form of requantization.h for eight elements that lie side by side, which give one byte
// of gradient bits. Included once for each instruction set, behind foreach_target.h.
#if defined(OCTET_KERNELS_REQUANTIZE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OCTET_KERNELS_REQUANTIZE_INL_H
#undef OCTET_KERNELS_REQUANTIZE_INL_H
#else
#define OCTET_KERNELS_REQUANTIZE_INL_H
#endif

#include <hwy/highway.h>

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

template <bool kHalfAway>
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
        straight_(constants.straight ? 0xFF : 0) {}

  // Eight sums become eight bytes; returns the bits of those that the gradient passes.
  template <class Sum>
  HWY_INLINE uint8_t operator()(const Sum* acc, const EightFactors& factors, uint8_t* y) const {
    unsigned inside = 0, cut = 0;
    for (int v = 0; v < kVectors; ++v) {
      const IntVector sum = hn::Add(load_sums(acc + v * kLanes), factors.bias[v]);
      const FloatVector steps = hn::Mul(hn::Add(hn::ConvertTo(FloatTag(), sum), factors.offset[v]),
                                        factors.multiplier[v]);
      const IntVector rounded = round(hn::Min(hn::Max(steps, clamp_low_), clamp_high_));
      const IntVector clamped = hn::Min(hn::Max(rounded, lowest_), highest_);
      inside |= bits(IntTag(), hn::Eq(rounded, clamped)) << (v * kLanes);
      const auto cuts = hn::Or(hn::Le(steps, cut_below_), hn::Ge(steps, cut_above_));
      cut |= bits(FloatTag(), cuts) << (v * kLanes);
      // Only the low eight bits matter, signed or not.
      const IntVector q = hn::And(hn::Add(clamped, zero_point_), hn::Set(IntTag(), 0xFF));
      hn::StoreU(hn::DemoteTo(ByteTag(), q), ByteTag(), y + v * kLanes);
    }
    return static_cast<uint8_t>((inside | straight_) & ~cut);
  }

 private:
  // kRoundingBits + the whole number next to x.
  static HWY_INLINE IntVector round(FloatVector x) {
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

  template <class Tag>
  static HWY_INLINE unsigned bits(Tag tag, hn::Mask<Tag> mask) {
    uint8_t bytes[8] = {};
    hn::StoreMaskBits(tag, mask, bytes);
    return bytes[0];
  }

  FloatVector cut_below_, cut_above_, clamp_low_, clamp_high_;
  IntVector lowest_, highest_, zero_point_;
  unsigned straight_;
};

// The first `count` of eight: nothing behind them is read or written.
template <bool kHalfAway, class Sum>
HWY_INLINE uint8_t requantize_some(const EightRounding<kHalfAway>& rounding, const Sum* acc,
                                   const EightFactors& factors, int64_t count, uint8_t* y) {
  if (HWY_LIKELY(count >= 8)) return rounding(acc, factors, y);
  Sum sums[8] = {};
  uint8_t bytes[8];
  std::memcpy(sums, acc, count * sizeof(Sum));
  const unsigned bits = rounding(sums, factors, bytes);
  std::memcpy(y, bytes, count);
  return static_cast<uint8_t>(bits & ((1U << count) - 1));
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
