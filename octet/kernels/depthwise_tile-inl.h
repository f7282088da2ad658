// The innermost loop of a depthwise convolution: sixteen channels of a pixel, two taps at a time.
// Included once for each instruction set.
#if defined(OCTET_KERNELS_DEPTHWISE_TILE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OCTET_KERNELS_DEPTHWISE_TILE_INL_H
#undef OCTET_KERNELS_DEPTHWISE_TILE_INL_H
#else
#define OCTET_KERNELS_DEPTHWISE_TILE_INL_H
#endif

#include <hwy/highway.h>

#include "octet/kernels/convolution_plan.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// The weights of two taps are packed (channel, tap) with the channels in the order 0-3, 8-11, 4-7,
// 12-15: what interleaving the 128-bit halves of two vectors gives.
#if HWY_TARGET == HWY_SCALAR

template <int kPixels>
HWY_INLINE void depthwise_tile(const int16_t* x, int64_t step, const int64_t* offsets, int64_t taps,
                               const int16_t* weights, int32_t* sums) {
  constexpr int kFirst[4] = {0, 8, 4, 12};
  for (int i = 0; i < kPixels * kPanelChannels; ++i) {
    const int at = i % kPanelChannels, channel = kFirst[at / 4] + at % 4;
    const int16_t* pixel = x + i / kPanelChannels * step + channel;
    int32_t sum = 0;
    for (int64_t tap = 0; tap < taps; ++tap) {
      const int16_t w = weights[(tap / 2 * kPanelChannels + at) * 2 + tap % 2];
      sum += pixel[offsets[tap]] * w;
    }
    sums[i / kPanelChannels * kPanelChannels + channel] = sum;
  }
}

#else

using TapTag = hn::CappedTag<int16_t, 16>;
using TapSumTag = hn::RepartitionToWide<TapTag>;
using TapSum = hn::Vec<TapSumTag>;
inline constexpr int kTapLanes = hn::MaxLanes(TapTag());
inline constexpr int kTapVectors = kPanelChannels / kTapLanes;

HWY_INLINE void store_depthwise(TapSum low, TapSum high, int32_t* sums) {
  const TapSumTag tag;
  if constexpr (kTapLanes == 16) {
    hn::StoreU(hn::ConcatLowerLower(tag, high, low), tag, sums);
    hn::StoreU(hn::ConcatUpperUpper(tag, high, low), tag, sums + 8);
  } else {
    hn::StoreU(low, tag, sums);
    hn::StoreU(high, tag, sums + 4);
  }
}

// One vector of channels, the `v`th of the panel, for kPixels pixels.
template <int kPixels>
HWY_INLINE void depthwise_vector(const int16_t* x, int64_t step, const int64_t* offsets,
                                 int64_t taps, const int16_t* weights, int32_t* sums) {
  const int16_t* pixels[kPixels];
  TapSum even[kPixels][2], odd[kPixels][2];
  for (int p = 0; p < kPixels; ++p) {
    pixels[p] = x + p * step;
    for (int half = 0; half < 2; ++half) {
      even[p][half] = odd[p][half] = hn::Zero(TapSumTag());
    }
  }
  for (int64_t tap = 0; tap < taps; tap += 2, weights += 2 * kPanelChannels) {
    const auto low = hn::LoadU(TapTag(), weights);
    const auto high = hn::LoadU(TapTag(), weights + kPanelChannels);
    const int64_t first = offsets[tap], second = offsets[tap + 1];
    for (int p = 0; p < kPixels; ++p) {
      const auto a = hn::LoadU(TapTag(), pixels[p] + first);
      const auto b = hn::LoadU(TapTag(), pixels[p] + second);
      even[p][0] = hn::ReorderWidenMulAccumulate(TapSumTag(), hn::InterleaveLower(TapTag(), a, b),
                                                 low, even[p][0], odd[p][0]);
      even[p][1] = hn::ReorderWidenMulAccumulate(TapSumTag(), hn::InterleaveUpper(TapTag(), a, b),
                                                 high, even[p][1], odd[p][1]);
    }
  }
  for (int p = 0; p < kPixels; ++p) {
    store_depthwise(hn::RearrangeToOddPlusEven(even[p][0], odd[p][0]),
                    hn::RearrangeToOddPlusEven(even[p][1], odd[p][1]), sums + p * kPanelChannels);
  }
}

template <int kPixels>
HWY_INLINE void depthwise_tile(const int16_t* x, int64_t step, const int64_t* offsets, int64_t taps,
                               const int16_t* weights, int32_t* sums) {
  for (int v = 0; v < kTapVectors; ++v) {
    depthwise_vector<kPixels>(x + v * kTapLanes, step, offsets, taps, weights + v * kTapLanes,
                              sums + v * kTapLanes);
  }
}

#endif

// Sums (pixel, 16) of a line of pixels, whose windows are `step` apart. Tap t of a window is
// offsets[t] behind its first element; their number is even.
HWY_INLINE void depthwise_line(int64_t pixels, const int16_t* x, int64_t step,
                               const int64_t* offsets, int64_t taps, const int16_t* weights,
                               int32_t* sums) {
  int64_t p = 0;
  for (; p + 4 <= pixels; p += 4) {
    depthwise_tile<4>(x + p * step, step, offsets, taps, weights, sums + p * kPanelChannels);
  }
  for (; p < pixels; ++p) {
    depthwise_tile<1>(x + p * step, step, offsets, taps, weights, sums + p * kPanelChannels);
  }
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
