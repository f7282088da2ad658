// From the sums of a panel to the result, in its layout. Included once for each instruction set.
#if defined(OCTET_KERNELS_FINISH_SUMS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OCTET_KERNELS_FINISH_SUMS_INL_H
#undef OCTET_KERNELS_FINISH_SUMS_INL_H
#else
#define OCTET_KERNELS_FINISH_SUMS_INL_H
#endif

#include "octet/kernels/convolution_part.h"
#include "octet/kernels/requantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

// Eight channels or less, for the pixels [pixel, pixel + pixels) of an image; `sums` are
// kPanelChannels apart.
struct SumsOfPixels {
  const int32_t* sums;
  int64_t image;
  int64_t pixel;
  int64_t pixels;
  int64_t channel;
  int64_t channels;
};

// The usual case: the channels lie side by side and have bytes of gradient bits to themselves.
template <class Rounding>
HWY_INLINE void finish_integers(const ChannelPlaces& places, const ConvolutionOutput& output,
                                const Rounding& rounding, const SumsOfPixels& s) {
  const EightFactors factors = load_factors(*output.factors, s.channel);
  const int64_t y_step = places.lanes, passes_step = places.row_bytes();
  const int64_t fours = s.channels == 8 ? s.pixels / 4 * 4 : 0;
  auto* y = static_cast<uint8_t*>(output.y) + places.offset(s.image, s.channel, s.pixel);
  uint8_t* passes = output.passes;
  if (passes != nullptr) passes += places.bit_byte(s.image, s.channel, s.pixel);
  int64_t p = 0;
  for (; p < fours; p += 4) {
    const uint32_t bits = rounding.four(s.sums + p * kPanelChannels, kPanelChannels, &factors, 0,
                                        y + p * y_step, y_step);
    if (passes == nullptr) continue;
    for (int i = 0; i < 4; ++i)
      passes[(p + i) * passes_step] = static_cast<uint8_t>(bits >> (8 * i));
  }
  for (; p < s.pixels; ++p) {
    const uint8_t bits =
        requantize_some(rounding, s.sums + p * kPanelChannels, factors, s.channels, y + p * y_step);
    if (passes != nullptr) passes[p * passes_step] = bits;
  }
}

// Any other: element by element. Channels come in ascending order, so the first of a byte clears
// it.
template <class Rounding>
HWY_INLINE void finish_single_integers(const ChannelPlaces& places, const ConvolutionOutput& output,
                                       const Rounding& rounding, const SumsOfPixels& s) {
  const EightFactors factors = load_factors(*output.factors, s.channel);
  auto* y = static_cast<uint8_t*>(output.y);
  for (int64_t p = 0; p < s.pixels; ++p) {
    uint8_t bytes[8];
    const unsigned bits = rounding.one(s.sums + p * kPanelChannels, factors, bytes);
    for (int64_t i = 0; i < s.channels; ++i) {
      const int64_t channel = s.channel + i, bit = channel % places.lanes % 8;
      y[places.offset(s.image, channel, s.pixel + p)] = bytes[i];
      if (output.passes == nullptr) continue;
      uint8_t& byte = output.passes[places.bit_byte(s.image, channel, s.pixel + p)];
      byte = static_cast<uint8_t>((bit == 0 ? 0 : byte) | (bits >> i & 1) << bit);
    }
  }
}

template <class T>
void finish_sums(const ChannelPlaces& places, const ConvolutionOutput& output,
                 const SumsOfPixels& s) {
  int32_t bias[kPanelChannels] = {};
  if (output.bias != nullptr) std::copy_n(output.bias + s.channel, s.channels, bias);
  for (int64_t i = 0; i < s.channels;) {
    const int64_t channel = s.channel + i;
    const int64_t together = std::min(places.lanes - channel % places.lanes, s.channels - i);
    T* at = static_cast<T*>(output.y) + places.offset(s.image, channel, s.pixel);
    for (int64_t p = 0; p < s.pixels; ++p, at += places.lanes) {
      const int32_t* from = s.sums + p * kPanelChannels + i;
      for (int64_t k = 0; k < together; ++k) at[k] = static_cast<T>(from[k] + bias[i + k]);
    }
    i += together;
  }
}

template <class Rounding>
void finish_rounded(const ChannelPlaces& places, const ConvolutionOutput& output,
                    const SumsOfPixels& s) {
  const Rounding rounding(output.constants);
  const int64_t lane = s.channel % places.lanes;
  if (lane % 8 == 0 && lane + s.channels <= places.lanes) {
    finish_integers(places, output, rounding, s);
  } else {
    finish_single_integers(places, output, rounding, s);
  }
}

inline void finish(const ChannelPlaces& places, const ConvolutionOutput& output,
                   const SumsOfPixels& s) {
  switch (output.kind) {
    case ConvolutionOutput::Kind::kFloatSums:
      return finish_sums<float>(places, output, s);
    case ConvolutionOutput::Kind::kIntegerSums:
      return finish_sums<int32_t>(places, output, s);
    default:
      break;
  }
  const bool away = output.constants.half_away;
  if (output.passes == nullptr) {
    (away ? finish_rounded<EightRounding<true, false>>
          : finish_rounded<EightRounding<false, false>>)(places, output, s);
  } else {
    (away ? finish_rounded<EightRounding<true, true>>
          : finish_rounded<EightRounding<false, true>>)(places, output, s);
  }
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
