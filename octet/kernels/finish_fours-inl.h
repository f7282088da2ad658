// Four vectors of sixteen steps to integers at a time, where vectors have sixteen lanes: what is
// packed together costs less than each alone. Halves go to even. Included once for each instruction
// set.
#if defined(OCTET_KERNELS_FINISH_FOURS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OCTET_KERNELS_FINISH_FOURS_INL_H
#undef OCTET_KERNELS_FINISH_FOURS_INL_H
#else
#define OCTET_KERNELS_FINISH_FOURS_INL_H
#endif

#include "octet/kernels/finish_sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3

using SixteenTag = hn::FixedTag<float, kPanelChannels>;
using SixteenIntTag = hn::RebindToSigned<SixteenTag>;

// What sixteen channels have for themselves. kShifts: there are biases or offsets.
template <bool kShifts>
class SixteenSteps {
 public:
  HWY_INLINE SixteenSteps(const ChannelFactors& factors, int64_t channel)
      : multiplier_(hn::LoadU(SixteenTag(), factors.multiplier.data() + channel)),
        offset_(hn::LoadU(SixteenTag(), factors.offset.data() + channel)),
        bias_(hn::LoadU(SixteenIntTag(), factors.bias.data() + channel)) {}

  HWY_INLINE hn::Vec<SixteenTag> operator()(const int32_t* sums) const {
    auto sum = hn::LoadU(SixteenIntTag(), sums);
    if constexpr (!kShifts) return hn::Mul(hn::ConvertTo(SixteenTag(), sum), multiplier_);
    sum = hn::Add(sum, bias_);
    return hn::Mul(hn::Add(hn::ConvertTo(SixteenTag(), sum), offset_), multiplier_);
  }

 private:
  hn::Vec<SixteenTag> multiplier_, offset_;
  hn::Vec<SixteenIntTag> bias_;
};

// Bits compare what is rounded with what is clamped then. Without them the bounds in front of the
// rounding can be those of the integers, since a number within whole bounds rounds to one within.
inline RoundingConstants without_bits(RoundingConstants constants) {
  const auto low = static_cast<float>(constants.lowest - constants.zero_point);
  const auto high = static_cast<float>(constants.highest - constants.zero_point);
  constants.clamp_low = std::max(constants.clamp_low, low);
  constants.clamp_high = std::min(constants.clamp_high, high);
  return constants;
}

// As StepRounding. kShrinks: steps fit into int32 as they are. Rounding keeps their order, so
// without bits they may be bounded when they are words.
template <bool kBits, bool kShrinks>
class FourRounding {
 public:
  explicit HWY_INLINE FourRounding(const RoundingConstants& constants)
      : clamp_low_(_mm512_set1_ps(constants.clamp_low)),
        clamp_high_(_mm512_set1_ps(constants.clamp_high)),
        cut_below_(_mm512_set1_ps(constants.cut_below)),
        cut_above_(_mm512_set1_ps(constants.cut_above)),
        zero_point_(_mm512_set1_epi16(static_cast<int16_t>(constants.zero_point))),
        straight_(constants.straight ? ~uint64_t{0} : 0),
        cuts_(constants.cuts),
        signed_(constants.lowest < 0) {
    int lowest = constants.lowest, highest = constants.highest;
    if constexpr (!kBits) {
      lowest = std::max(lowest, whole(constants.clamp_low) + constants.zero_point);
      highest = std::min(highest, whole(constants.clamp_high) + constants.zero_point);
    }
    lowest_ = _mm512_set1_epi16(static_cast<int16_t>(lowest));
    highest_ = _mm512_set1_epi16(static_cast<int16_t>(highest));
    // Packing to bytes keeps them within these bounds.
    clamps_ = lowest != (signed_ ? -128 : 0) || highest != (signed_ ? 127 : 255);
  }

  // The bytes of all four, one behind the other, and their gradient bits.
  HWY_INLINE __m512i operator()(const hn::Vec<SixteenTag> (&steps)[4], uint64_t& bits) const {
    __m512i whole[4];
    for (int i = 0; i < 4; ++i) {
      __m512 bounded = steps[i].raw;
      if constexpr (!kShrinks) {
        bounded = _mm512_min_ps(_mm512_max_ps(bounded, clamp_low_), clamp_high_);
      }
      whole[i] = _mm512_cvtps_epi32(bounded);
    }
    __m512i words[2];
    for (int i = 0; i < 2; ++i) {
      const __m512i both = _mm512_packs_epi32(whole[2 * i], whole[2 * i + 1]);
      words[i] = _mm512_adds_epi16(both, zero_point_);
    }
    if constexpr (kBits) {
      bits = clamp(words) & active(steps);
    } else if (clamps_ && kShrinks) {
      for (__m512i& word : words) word = clamped(word);
    }
    return in_order(signed_ ? _mm512_packs_epi16(words[0], words[1])
                            : _mm512_packus_epi16(words[0], words[1]));
  }

 private:
  // Packing leaves the first four elements of all vectors before the next four.
  static HWY_INLINE __m512i in_order(__m512i bytes) {
    return _mm512_permutexvar_epi32(
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), bytes);
  }

  static HWY_INLINE int whole(float x) { return _mm_cvtss_si32(_mm_set_ss(x)); }

  HWY_INLINE __m512i clamped(__m512i words) const {
    return _mm512_min_epi16(_mm512_max_epi16(words, lowest_), highest_);
  }

  // Returns which were within the bounds.
  HWY_INLINE uint64_t clamp(__m512i (&words)[2]) const {
    __m512i within[2];
    for (int i = 0; i < 2; ++i) {
      const __m512i bounded = clamped(words[i]);
      within[i] = _mm512_movm_epi16(_mm512_cmpeq_epi16_mask(words[i], bounded));
      words[i] = bounded;
    }
    const __m512i bytes = in_order(_mm512_packs_epi16(within[0], within[1]));
    return static_cast<uint64_t>(_mm512_movepi8_mask(bytes)) | straight_;
  }

  // Which the activation does not cut.
  HWY_INLINE uint64_t active(const hn::Vec<SixteenTag> (&steps)[4]) const {
    if (!cuts_) return ~uint64_t{0};
    uint64_t cut = 0;
    for (int i = 0; i < 4; ++i) {
      const unsigned below = _mm512_cmp_ps_mask(steps[i].raw, cut_below_, _CMP_LE_OQ);
      const unsigned above = _mm512_cmp_ps_mask(steps[i].raw, cut_above_, _CMP_GE_OQ);
      cut |= static_cast<uint64_t>(below | above) << (16 * i);
    }
    return ~cut;
  }

  __m512 clamp_low_, clamp_high_, cut_below_, cut_above_;
  __m512i zero_point_, lowest_, highest_;
  uint64_t straight_;
  bool cuts_, signed_, clamps_;
};

// Sixteen channels of pixels, four at a time; returns how many are done.
template <bool kShifts, bool kBits>
HWY_INLINE int64_t finish_four_pixels(const ChannelPlaces& places,
                                      const RoundingConstants& constants,
                                      const SixteenSteps<kShifts>& steps, const SumsOfPixels& s,
                                      uint8_t* y, uint8_t* passes) {
  const FourRounding<kBits, /*kShrinks=*/false> rounding(constants);
  const int64_t step = places.lanes, passes_step = places.row_bytes(), pixels = s.pixels;
  const int32_t* HWY_RESTRICT sums = s.sums;
  int64_t p = 0;
  for (; p + 4 <= pixels; p += 4, sums += 4 * kPanelChannels, y += 4 * step) {
    hn::Vec<SixteenTag> exact[4];
    for (int i = 0; i < 4; ++i) exact[i] = steps(sums + i * kPanelChannels);
    uint64_t bits = 0;
    const __m512i bytes = rounding(exact, bits);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(y), _mm512_castsi512_si128(bytes));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(y + step), _mm512_extracti32x4_epi32(bytes, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(y + 2 * step), _mm512_extracti32x4_epi32(bytes, 2));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(y + 3 * step), _mm512_extracti32x4_epi32(bytes, 3));
    if constexpr (!kBits) continue;
    for (int i = 0; i < 4; ++i, passes += passes_step) {
      const auto sixteen = static_cast<uint16_t>(bits >> (16 * i));
      std::memcpy(passes, &sixteen, sizeof(sixteen));
    }
  }
  return p;
}

// Four panels of pixels, whose channels lie side by side; `panel_step` from panel to panel of sums.
template <bool kShifts, bool kBits, bool kShrinks>
HWY_INLINE void finish_four_panels(const ChannelPlaces& places, const ConvolutionOutput& output,
                                   const SumsOfPixels& s, int64_t panel_step) {
  const FourRounding<kBits, kShrinks> rounding(kBits ? output.constants
                                                     : without_bits(output.constants));
  const ChannelFactors& factors = *output.factors;
  const SixteenSteps<kShifts> steps[4] = {{factors, s.channel},
                                          {factors, s.channel + kPanelChannels},
                                          {factors, s.channel + 2 * kPanelChannels},
                                          {factors, s.channel + 3 * kPanelChannels}};
  const int64_t step = places.lanes, passes_step = places.row_bytes(), pixels = s.pixels;
  auto* y = static_cast<uint8_t*>(output.y) + places.offset(s.image, s.channel, s.pixel);
  uint8_t* passes = nullptr;
  if constexpr (kBits) passes = output.passes + places.bit_byte(s.image, s.channel, s.pixel);
  const int32_t* HWY_RESTRICT sums = s.sums;
  for (int64_t p = 0; p < pixels; ++p, sums += kPanelChannels, y += step) {
    hn::Vec<SixteenTag> exact[4];
    for (int i = 0; i < 4; ++i) exact[i] = steps[i](sums + i * panel_step);
    uint64_t bits = 0;
    _mm512_storeu_si512(y, rounding(exact, bits));
    if constexpr (!kBits) continue;
    std::memcpy(passes, &bits, sizeof(bits));
    passes += passes_step;
  }
}

// False, and nothing done, for what it does not take.
HWY_INLINE bool finish_four_panels(const ChannelPlaces& places, const ConvolutionOutput& output,
                                   const SumsOfPixels& s, int64_t panel_step) {
  const int64_t lane = places.lane(s.channel);
  if (output.kind != ConvolutionOutput::Kind::kIntegers || output.added != nullptr ||
      output.constants.half_away || lane % 8 != 0 || lane + 4 * kPanelChannels > places.lanes) {
    return false;
  }
  const bool bits = output.passes != nullptr;
  const auto finish =
      output.factors->shifts
          ? (bits ? finish_four_panels<true, true, false> : finish_four_panels<true, false, false>)
      : bits                    ? finish_four_panels<false, true, false>
      : output.factors->shrinks ? finish_four_panels<false, false, true>
                                : finish_four_panels<false, false, false>;
  finish(places, output, s, panel_step);
  return true;
}

#else

HWY_INLINE bool finish_four_panels(const ChannelPlaces&, const ConvolutionOutput&,
                                   const SumsOfPixels&, int64_t) {
  return false;
}

#endif

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
