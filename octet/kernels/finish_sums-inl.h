// From the sums of a panel to the result, in its layout. Included once for each instruction set.
#if defined(OCTET_KERNELS_FINISH_SUMS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OCTET_KERNELS_FINISH_SUMS_INL_H
#undef OCTET_KERNELS_FINISH_SUMS_INL_H
#else
#define OCTET_KERNELS_FINISH_SUMS_INL_H
#endif

#include <type_traits>

#include "octet/kernels/added_steps-inl.h"
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
  // Null, or where the sum of the first channel is added up; that of squares lies a step behind.
  double* moments;
  int64_t moments_step;
};

// What the sums of eight channels become: steps of the layer's own integers.
class OwnSums {
 public:
  OwnSums(const ConvolutionOutput& output, int64_t channel)
      : factors_(load_factors(*output.factors, channel)) {}

  // For a row of `sums` and those behind it.
  HWY_INLINE SumSteps<int32_t> steps(const int32_t* sums, const uint8_t*, int64_t) const {
    return {sums, kPanelChannels, &factors_, 0};
  }

 private:
  EightFactors factors_;
};

// Or steps of what they and the bytes of another value add up to, which lie `step` apart.
template <bool kHalfAway>
class AddedSums {
 public:
  AddedSums(const ConvolutionOutput& output, int64_t channel)
      : factors_(load_factors(*output.factors, channel)),
        add_(output.own_constants, *output.added) {}

  HWY_INLINE AddedSteps<kHalfAway> steps(const int32_t* sums, const uint8_t* others,
                                         int64_t step) const {
    return {{sums, kPanelChannels, &factors_, 0}, &add_, others, step};
  }

 private:
  EightFactors factors_;
  AddEight<kHalfAway> add_;
};

// The bytes of the other value, if there is one.
inline const uint8_t* others_of(const ConvolutionOutput& output) {
  return output.added == nullptr ? nullptr : static_cast<const uint8_t*>(output.added->value.data);
}

// The usual case: the channels lie side by side and have bytes of gradient bits to themselves.
template <class Sums, class Rounding>
HWY_INLINE void finish_integers(const ChannelPlaces& places, const ConvolutionOutput& output,
                                const Rounding& rounding, const SumsOfPixels& s) {
  const Sums made(output, s.channel);
  const int64_t step = places.lanes, passes_step = places.row_bytes();
  const int64_t place = places.offset(s.image, s.channel, s.pixel);
  const int64_t fours = s.channels == 8 ? s.pixels / 4 * 4 : 0;
  auto* y = static_cast<uint8_t*>(output.y) + place;
  const uint8_t* others = others_of(output);
  const auto others_at = [&](int64_t p) {
    return others == nullptr ? nullptr : others + place + p * step;
  };
  uint8_t* passes = output.passes;
  if (passes != nullptr) passes += places.bit_byte(s.image, s.channel, s.pixel);
  int64_t p = 0;
  for (; p < fours; p += 4) {
    const uint32_t bits = rounding.four(made.steps(s.sums + p * kPanelChannels, others_at(p), step),
                                        y + p * step, step);
    if (passes == nullptr) continue;
    for (int i = 0; i < 4; ++i)
      passes[(p + i) * passes_step] = static_cast<uint8_t>(bits >> (8 * i));
  }
  for (; p < s.pixels; ++p) {
    uint8_t bytes[8], some_others[8] = {};
    if (others != nullptr) std::copy_n(others_at(p), s.channels, some_others);
    const unsigned bits =
        rounding.one(made.steps(s.sums + p * kPanelChannels, some_others, 0), bytes);
    std::copy_n(bytes, s.channels, y + p * step);
    if (passes != nullptr) {
      passes[p * passes_step] = static_cast<uint8_t>(bits & ((1U << s.channels) - 1));
    }
  }
}

// Any other: element by element. Channels come in ascending order, so the first of a byte clears
// it.
template <class Sums, class Rounding>
HWY_INLINE void finish_single_integers(const ChannelPlaces& places, const ConvolutionOutput& output,
                                       const Rounding& rounding, const SumsOfPixels& s) {
  const Sums made(output, s.channel);
  auto* y = static_cast<uint8_t*>(output.y);
  const uint8_t* others = others_of(output);
  for (int64_t p = 0; p < s.pixels; ++p) {
    const auto place = [&](int64_t i) {
      return places.offset(s.image, s.channel + i, s.pixel + p);
    };
    uint8_t bytes[8], some_others[8] = {};
    for (int64_t i = 0; others != nullptr && i < s.channels; ++i) some_others[i] = others[place(i)];
    const unsigned bits =
        rounding.one(made.steps(s.sums + p * kPanelChannels, some_others, 0), bytes);
    for (int64_t i = 0; i < s.channels; ++i) {
      const int64_t channel = s.channel + i, bit = channel % places.lanes % 8;
      y[place(i)] = bytes[i];
      if (output.passes == nullptr) continue;
      uint8_t& byte = output.passes[places.bit_byte(s.image, channel, s.pixel + p)];
      byte = static_cast<uint8_t>((bit == 0 ? 0 : byte) | (bits >> i & 1) << bit);
    }
  }
}

// A sum as int32, or as float32 times a scale.
HWY_INLINE int32_t scaled_sum(int32_t sum, int32_t) {
  return sum;
}
HWY_INLINE float scaled_sum(int32_t sum, float scale) {
  return static_cast<float>(sum) * scale;
}

// Adds to the moments of eight channels. Whole numbers: nothing is rounded below 2^53, so that the
// order of sums makes no difference.
class EightMoments {
 public:
  // Of eight of `s`, beginning with channel number `first`.
  HWY_INLINE EightMoments(const SumsOfPixels& s, int64_t first) {
    for (int v = 0; v < kParts; ++v) {
      sum_[v] = hn::LoadU(Tag(), s.moments + first + v * kLanesOfDoubles);
      square_[v] = hn::LoadU(Tag(), s.moments + s.moments_step + first + v * kLanesOfDoubles);
    }
  }
  HWY_INLINE void add(const int32_t* sums, const int32_t* bias) {
    const hn::Rebind<int32_t, Tag> whole;
    for (int v = 0; v < kParts; ++v) {
      const int at = v * kLanesOfDoubles;
      const auto x =
          hn::PromoteTo(Tag(), hn::Add(hn::LoadU(whole, sums + at), hn::LoadU(whole, bias + at)));
      sum_[v] = hn::Add(sum_[v], x);
      square_[v] = hn::Add(square_[v], hn::Mul(x, x));
    }
  }
  HWY_INLINE void store(const SumsOfPixels& s, int64_t first) const {
    for (int v = 0; v < kParts; ++v) {
      hn::StoreU(sum_[v], Tag(), s.moments + first + v * kLanesOfDoubles);
      hn::StoreU(square_[v], Tag(), s.moments + s.moments_step + first + v * kLanesOfDoubles);
    }
  }

 private:
  using Tag = hn::CappedTag<double, 8>;
  static constexpr int kLanesOfDoubles = hn::MaxLanes(Tag());
  static constexpr int kParts = 8 / kLanesOfDoubles;
  hn::Vec<Tag> sum_[kParts], square_[kParts];
};

struct NoMoments {
  NoMoments(const SumsOfPixels&, int64_t) {}
  void add(const int32_t*, const int32_t*) {}
  void store(const SumsOfPixels&, int64_t) const {}
};

// Eight channels side by side as floats.
template <class Moments>
HWY_INLINE void finish_eight_sums(const ChannelPlaces& places, const ConvolutionOutput& output,
                                  const SumsOfPixels& s, const int32_t* bias, const float* scale) {
  float* y = static_cast<float*>(output.y) + places.offset(s.image, s.channel, s.pixel);
  Moments moments(s, 0);
  for (int64_t p = 0; p < s.pixels; ++p, y += places.lanes) {
    const int32_t* sums = s.sums + p * kPanelChannels;
    for (int v = 0; v < kVectors; ++v) {
      const IntVector sum = hn::Add(load_sums(sums + v * kLanes), load_sums(bias + v * kLanes));
      store(hn::Mul(hn::ConvertTo(FloatTag(), sum), load(scale + v * kLanes)), y + v * kLanes);
    }
    moments.add(sums, bias);
  }
  moments.store(s, 0);
}

// Those of channels that do not come by eights.
inline void add_moments(const SumsOfPixels& s, const int32_t* bias) {
  for (int64_t p = 0; p < s.pixels; ++p) {
    for (int64_t i = 0; i < s.channels; ++i) {
      const double x = s.sums[p * kPanelChannels + i] + bias[i];
      s.moments[i] += x;
      s.moments[s.moments_step + i] += x * x;
    }
  }
}

template <class T>
void finish_sums(const ChannelPlaces& places, const ConvolutionOutput& output,
                 const SumsOfPixels& s) {
  int32_t bias[kPanelChannels] = {};
  T scale[kPanelChannels];
  if (output.bias != nullptr) std::copy_n(output.bias + s.channel, s.channels, bias);
  std::fill_n(scale, kPanelChannels, T{1});
  if (output.scale != nullptr) std::copy_n(output.scale + s.channel, s.channels, scale);
  if constexpr (std::is_same_v<T, float>) {
    if (s.channels == 8 && places.lane(s.channel) + 8 <= places.lanes) {
      return (s.moments == nullptr
                  ? finish_eight_sums<NoMoments>
                  : finish_eight_sums<EightMoments>)(places, output, s, bias, scale);
    }
    if (s.moments != nullptr) add_moments(s, bias);
  }
  for (int64_t i = 0; i < s.channels;) {
    const int64_t channel = s.channel + i;
    const int64_t together = std::min(places.lanes - channel % places.lanes, s.channels - i);
    T* at = static_cast<T*>(output.y) + places.offset(s.image, channel, s.pixel);
    for (int64_t p = 0; p < s.pixels; ++p, at += places.lanes) {
      const int32_t* from = s.sums + p * kPanelChannels + i;
      for (int64_t k = 0; k < together; ++k) {
        at[k] = scaled_sum(from[k] + bias[i + k], scale[i + k]);
      }
    }
    i += together;
  }
}

template <class Sums, class Rounding>
void finish_rounded(const ChannelPlaces& places, const ConvolutionOutput& output,
                    const SumsOfPixels& s) {
  const Rounding rounding(output.constants);
  const int64_t lane = s.channel % places.lanes;
  if (lane % 8 == 0 && lane + s.channels <= places.lanes) {
    finish_integers<Sums>(places, output, rounding, s);
  } else {
    finish_single_integers<Sums>(places, output, rounding, s);
  }
}

template <bool kHalfAway>
void finish_integer_kinds(const ChannelPlaces& places, const ConvolutionOutput& output,
                          const SumsOfPixels& s) {
  if (output.added != nullptr) {
    finish_rounded<AddedSums<kHalfAway>, EightRounding<kHalfAway, false>>(places, output, s);
  } else if (output.passes == nullptr) {
    finish_rounded<OwnSums, EightRounding<kHalfAway, false>>(places, output, s);
  } else {
    finish_rounded<OwnSums, EightRounding<kHalfAway, true>>(places, output, s);
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
      return (output.constants.half_away ? finish_integer_kinds<true>
                                         : finish_integer_kinds<false>)(places, output, s);
  }
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
