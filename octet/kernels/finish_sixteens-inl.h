// From the sums of a panel to integers where vectors have sixteen lanes: the sixteen channels of a
// pixel at a time. Included once for each instruction set.
#if defined(OCTET_KERNELS_FINISH_SIXTEENS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OCTET_KERNELS_FINISH_SIXTEENS_INL_H
#undef OCTET_KERNELS_FINISH_SIXTEENS_INL_H
#else
#define OCTET_KERNELS_FINISH_SIXTEENS_INL_H
#endif

#include "octet/kernels/finish_fours-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3

template <bool kShifts, bool kHalfAway, bool kBits>
HWY_INLINE void finish_sixteens_as(const ChannelPlaces& places, const ConvolutionOutput& output,
                                   const SumsOfPixels& s) {
  const RoundingConstants constants = kBits ? output.constants : without_bits(output.constants);
  const StepRounding<SixteenTag, kHalfAway> rounding(constants);
  const SixteenSteps<kShifts> steps(*output.factors, s.channel);
  const int64_t passes_step = places.row_bytes();
  const unsigned straight = output.constants.straight ? 0xFFFF : 0;
  auto* y = static_cast<uint8_t*>(output.y) + places.offset(s.image, s.channel, s.pixel);
  uint8_t* passes = nullptr;
  if constexpr (kBits) passes = output.passes + places.bit_byte(s.image, s.channel, s.pixel);
  int64_t p = 0;
  if constexpr (!kHalfAway) {
    p = finish_four_pixels<kShifts, kBits>(places, constants, steps, s, y, passes);
  }
  for (; p < s.pixels; ++p) {
    const auto exact = steps(s.sums + p * kPanelChannels);
    const auto rounded = rounding.rounded(exact);
    const auto clamped = kBits ? rounding.clamped(rounded) : rounded;
    _mm_storeu_si128(reinterpret_cast<__m128i*>(y + p * places.lanes),
                     _mm512_cvtepi32_epi8(clamped.raw));
    if constexpr (!kBits) continue;
    const unsigned within = hn::Eq(rounded, clamped).raw | straight;
    const auto bits = static_cast<uint16_t>(within & ~rounding.cut_by_activation(exact).raw);
    std::memcpy(passes + p * passes_step, &bits, sizeof(bits));
  }
}

template <bool kShifts>
HWY_INLINE void finish_sixteen_integers(const ChannelPlaces& places,
                                        const ConvolutionOutput& output, const SumsOfPixels& s) {
  const bool away = output.constants.half_away;
  const auto finish = output.passes == nullptr ? (away ? finish_sixteens_as<kShifts, true, false>
                                                       : finish_sixteens_as<kShifts, false, false>)
                                               : (away ? finish_sixteens_as<kShifts, true, true>
                                                       : finish_sixteens_as<kShifts, false, true>);
  finish(places, output, s);
}

// Sixteen channels side by side as floats: whole cache lines, which need not be read before they
// are written where the value is too large to stay in a cache.
template <class Moments, bool kStreams>
HWY_INLINE void finish_sixteen_sums(const ChannelPlaces& places, const ConvolutionOutput& output,
                                    const SumsOfPixels& s) {
  int32_t none[kPanelChannels] = {};
  const int32_t* const whole = output.bias == nullptr ? none : output.bias + s.channel;
  const auto bias = hn::LoadU(SixteenIntTag(), whole);
  const auto scale = output.scale == nullptr ? hn::Set(SixteenTag(), 1.0F)
                                             : hn::LoadU(SixteenTag(), output.scale + s.channel);
  float* y = static_cast<float*>(output.y) + places.offset(s.image, s.channel, s.pixel);
  Moments first(s, 0), second(s, 8);
  for (int64_t p = 0; p < s.pixels; ++p, y += places.lanes) {
    const int32_t* const sums = s.sums + p * kPanelChannels;
    const auto sum = hn::Add(hn::LoadU(SixteenIntTag(), sums), bias);
    const auto value = hn::Mul(hn::ConvertTo(SixteenTag(), sum), scale);
    if constexpr (kStreams) {
      hn::Stream(value, SixteenTag(), y);
    } else {
      hn::StoreU(value, SixteenTag(), y);
    }
    first.add(sums, whole);
    second.add(sums + 8, whole + 8);
  }
  first.store(s, 0);
  second.store(s, 8);
}

template <class Moments>
HWY_INLINE void finish_sixteen_sums(const ChannelPlaces& places, const ConvolutionOutput& output,
                                    const SumsOfPixels& s) {
  const bool whole_lines =
      reinterpret_cast<uintptr_t>(output.y) % 64 == 0 && places.lanes % kPanelChannels == 0;
  (output.streams && whole_lines ? finish_sixteen_sums<Moments, true>
                                 : finish_sixteen_sums<Moments, false>)(places, output, s);
}

// False, and nothing done, for other results than floats or integers of their own whose sixteen
// channels lie side by side.
HWY_INLINE bool finish_sixteens(const ChannelPlaces& places, const ConvolutionOutput& output,
                                const SumsOfPixels& s) {
  const int64_t lane = places.lane(s.channel);
  if (output.kind == ConvolutionOutput::Kind::kIntegerSums || output.added != nullptr ||
      s.channels != kPanelChannels || lane % 8 != 0 || lane + kPanelChannels > places.lanes) {
    return false;
  }
  if (output.kind == ConvolutionOutput::Kind::kFloatSums) {
    (s.moments == nullptr ? finish_sixteen_sums<NoMoments>
                          : finish_sixteen_sums<EightMoments>)(places, output, s);
    return true;
  }
  (output.factors->shifts ? finish_sixteen_integers<true>
                          : finish_sixteen_integers<false>)(places, output, s);
  return true;
}

#else

HWY_INLINE bool finish_sixteens(const ChannelPlaces&, const ConvolutionOutput&,
                                const SumsOfPixels&) {
  return false;
}

#endif

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
