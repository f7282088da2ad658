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

#include "octet/kernels/eight_floats-inl.h"
#include "octet/kernels/rounding_constants.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

using ByteTag = hn::Rebind<uint8_t, FloatTag>;

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

// Sums as steps, in rows of eight: row i begins at acc + i * acc_step, its channels are those of
// factors[i * factor_step].
template <class Sum>
struct SumSteps {
  const Sum* acc;
  int64_t acc_step;
  const EightFactors* factors;
  int64_t factor_step;

  HWY_INLINE FloatVector operator()(int row, int v) const {
    const EightFactors& eight = factors[row * factor_step];
    const IntVector sum = hn::Add(load_sums(acc + row * acc_step + v * kLanes), eight.bias[v]);
    return hn::Mul(hn::Add(hn::ConvertTo(FloatTag(), sum), eight.offset[v]), eight.multiplier[v]);
  }
};

// From steps to integers, a vector at a time.
template <class Tag, bool kHalfAway>
class StepRounding {
 public:
  using SignedTag = hn::RebindToSigned<Tag>;
  using Steps = hn::Vec<Tag>;
  using Integers = hn::Vec<SignedTag>;

  explicit HWY_INLINE StepRounding(const RoundingConstants& constants)
      : constants_(constants),
        clamp_low_(hn::Set(Tag(), constants.clamp_low)),
        clamp_high_(hn::Set(Tag(), constants.clamp_high)),
        zero_point_(hn::Set(SignedTag(), constants.zero_point - kRoundingBits)) {}

  // Beyond their bounds by one at most.
  HWY_INLINE Integers rounded(Steps steps) const {
    return hn::Add(whole(hn::Min(hn::Max(steps, clamp_low_), clamp_high_)), zero_point_);
  }
  HWY_INLINE Integers clamped(Integers rounded) const {
    return hn::Min(hn::Max(rounded, hn::Set(SignedTag(), constants_.lowest)),
                   hn::Set(SignedTag(), constants_.highest));
  }
  HWY_INLINE hn::Mask<Tag> cut_by_activation(Steps steps) const {
    return hn::Or(hn::Le(steps, hn::Set(Tag(), constants_.cut_below)),
                  hn::Ge(steps, hn::Set(Tag(), constants_.cut_above)));
  }
  const RoundingConstants& constants() const { return constants_; }

 private:
  // kRoundingBits + the whole number next to x.
  static HWY_INLINE Integers whole(Steps x) {
    const Steps magic = hn::Set(Tag(), kRoundingFloat);
    const Steps shifted = hn::Add(x, magic);
    const Integers even = hn::BitCast(SignedTag(), shifted);
    if constexpr (!kHalfAway) return even;
    // Where a half has gone to the even number next to zero, the other one is due. The difference
    // to the rounded number is exact.
    const Steps zero = hn::Zero(Tag());
    const Steps rest = hn::Sub(x, hn::Sub(shifted, magic));
    const auto up = hn::And(hn::Eq(rest, hn::Set(Tag(), 0.5F)), hn::Gt(x, zero));
    const auto down = hn::And(hn::Eq(rest, hn::Set(Tag(), -0.5F)), hn::Lt(x, zero));
    const Integers one = hn::Set(SignedTag(), 1);
    const Integers higher = hn::IfThenElseZero(hn::RebindMask(SignedTag(), up), one);
    const Integers lower = hn::IfThenElseZero(hn::RebindMask(SignedTag(), down), one);
    return hn::Sub(hn::Add(even, higher), lower);
  }

  const RoundingConstants constants_;
  const Steps clamp_low_, clamp_high_;
  const Integers zero_point_;
};

// Eights. `steps(row, v)` gives vector number v of the eight of a row. kBits: whether the gradient
// bits are wanted; without them they are not right.
template <bool kHalfAway, bool kBits>
class EightRounding {
 public:
  explicit HWY_INLINE EightRounding(const RoundingConstants& constants) : rounding_(constants) {}

  // One row becomes eight bytes; returns the bits of those that the gradient passes.
  template <class Steps>
  HWY_INLINE uint8_t one(const Steps& steps, uint8_t* y, int row = 0) const {
    unsigned bits = 0, cut = 0;
    for (int v = 0; v < kVectors; ++v) {
      const FloatVector exact = steps(row, v);
      const IntVector rounded = rounding_.rounded(exact);
      const IntVector clamped = rounding_.clamped(rounded);
      // Only the low eight bits matter, signed or not.
      const IntVector q = hn::And(clamped, hn::Set(IntTag(), 0xFF));
      hn::StoreU(hn::DemoteTo(ByteTag(), q), ByteTag(), y + v * kLanes);
      if constexpr (!kBits) continue;
      bits |= bits_of(IntTag(), hn::Eq(rounded, clamped)) << (v * kLanes);
      cut |= bits_of(FloatTag(), rounding_.cut_by_activation(exact)) << (v * kLanes);
    }
    return static_cast<uint8_t>((bits | (rounding_.constants().straight ? 0xFF : 0)) & ~cut);
  }

  // Four rows; returns the bits from the lowest byte on.
  template <class Steps>
  HWY_INLINE uint32_t four(const Steps& steps, uint8_t* y, int64_t y_step) const;

 private:
  template <class Tag>
  static HWY_INLINE unsigned bits_of(Tag tag, hn::Mask<Tag> mask) {
    uint8_t bytes[8] = {};
    hn::StoreMaskBits(tag, mask, bytes);
    return bytes[0];
  }

  const StepRounding<FloatTag, kHalfAway> rounding_;
};

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2

// Highway has no packing that keeps to an order. Packing dwords a, b, c, d to words and bytes
// leaves the lower halves of all four before the upper ones.
HWY_INLINE __m256i in_order(__m256i bytes) {
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

template <bool kHalfAway, bool kBits>
template <class Steps>
HWY_INLINE uint32_t EightRounding<kHalfAway, kBits>::four(const Steps& steps, uint8_t* y,
                                                          int64_t y_step) const {
  const RoundingConstants& constants = rounding_.constants();
  FloatVector exact[4];
  __m256i rounded[4];
  for (int i = 0; i < 4; ++i) {
    exact[i] = steps(i, 0);
    rounded[i] = rounding_.rounded(exact[i]).raw;
  }
  const __m256i low = _mm256_set1_epi16(static_cast<int16_t>(constants.lowest));
  const __m256i high = _mm256_set1_epi16(static_cast<int16_t>(constants.highest));
  const __m256i byte = _mm256_set1_epi16(0xFF);
  __m256i words[2], clamped[2];
  for (int i = 0; i < 2; ++i) {
    words[i] = _mm256_packs_epi32(rounded[2 * i], rounded[2 * i + 1]);
    clamped[i] = _mm256_min_epi16(_mm256_max_epi16(words[i], low), high);
  }
  const __m256i q = in_order(
      _mm256_packus_epi16(_mm256_and_si256(clamped[0], byte), _mm256_and_si256(clamped[1], byte)));
  const __m128i first = _mm256_castsi256_si128(q), second = _mm256_extracti128_si256(q, 1);
  _mm_storel_epi64(reinterpret_cast<__m128i*>(y), first);
  _mm_storeh_pd(reinterpret_cast<double*>(y + y_step), _mm_castsi128_pd(first));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(y + 2 * y_step), second);
  _mm_storeh_pd(reinterpret_cast<double*>(y + 3 * y_step), _mm_castsi128_pd(second));
  if constexpr (!kBits) return 0;
  __m256i passes = _mm256_packs_epi16(_mm256_cmpeq_epi16(words[0], clamped[0]),
                                      _mm256_cmpeq_epi16(words[1], clamped[1]));
  if (constants.straight) passes = _mm256_set1_epi8(-1);
  if (constants.cuts) {
    __m256i cut[4];
    for (int i = 0; i < 4; ++i) {
      cut[i] =
          hn::BitCast(IntTag(), hn::VecFromMask(FloatTag(), rounding_.cut_by_activation(exact[i])))
              .raw;
    }
    passes = _mm256_andnot_si256(
        _mm256_packs_epi16(_mm256_packs_epi32(cut[0], cut[1]), _mm256_packs_epi32(cut[2], cut[3])),
        passes);
  }
  return static_cast<uint32_t>(_mm256_movemask_epi8(in_order(passes)));
}

#else

template <bool kHalfAway, bool kBits>
template <class Steps>
HWY_INLINE uint32_t EightRounding<kHalfAway, kBits>::four(const Steps& steps, uint8_t* y,
                                                          int64_t y_step) const {
  uint32_t bits = 0;
  for (int i = 0; i < 4; ++i) {
    const uint32_t byte = one(steps, y + i * y_step, i);
    bits |= byte << (8 * i);
  }
  return bits;
}

#endif

// The first `count` of eight: nothing behind them is read or written.
template <class Rounding, class Sum>
HWY_INLINE uint8_t requantize_some(const Rounding& rounding, const Sum* acc,
                                   const EightFactors& factors, int64_t count, uint8_t* y) {
  if (HWY_LIKELY(count >= 8)) return rounding.one(SumSteps<Sum>{acc, 0, &factors, 0}, y);
  Sum sums[8] = {};
  uint8_t bytes[8];
  std::memcpy(sums, acc, count * sizeof(Sum));
  const unsigned bits = rounding.one(SumSteps<Sum>{sums, 0, &factors, 0}, bytes);
  std::memcpy(y, bytes, count);
  return static_cast<uint8_t>(bits & ((1U << count) - 1));
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
