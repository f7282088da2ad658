#include "octet/kernels/channel_sums.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/channel_sums.cpp"
#include "octet/kernels/simd_targets.h"
// Compiles the rest of this file once for each instruction set.
#include <hwy/foreach_target.h>

#include "octet/kernels/eight_floats-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

template <class T>
void sum_channels_of(const ChannelPlaces& places, int64_t batch, const T* x, int64_t channel,
                     float* sums) {
  FloatVector total[kVectors];
  for (FloatVector& vector : total) vector = set(0);
  for (int64_t image = 0; image < batch; ++image) {
    const T* from = x + places.offset(image, channel, 0);
    for (int64_t i = 0; i < places.pixels; ++i, from += places.lanes) {
      for (int v = 0; v < kVectors; ++v) total[v] = hn::Add(total[v], load(from + v * kLanes));
    }
  }
  for (int v = 0; v < kVectors; ++v) store(total[v], sums + v * kLanes);
}

void sum_channels_simd(const ChannelPlaces& places, int64_t batch, const Gradient& x,
                       int64_t channel, float* sums) {
  with_elements(x, [&](const auto* from) { sum_channels_of(places, batch, from, channel, sums); });
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace octet::kernels {

HWY_EXPORT(sum_channels_simd);

void sum_channels(const ChannelPlaces& places, int64_t batch, const float* x, int64_t channel,
                  float* sums) {
  HWY_DYNAMIC_DISPATCH(sum_channels_simd)(places, batch, const_cast<float*>(x), channel, sums);
}

void sum_channels(const ChannelPlaces& places, int64_t batch, const BFloat16* x, int64_t channel,
                  float* sums) {
  HWY_DYNAMIC_DISPATCH(sum_channels_simd)(places, batch, const_cast<BFloat16*>(x), channel, sums);
}

}  // namespace octet::kernels

#endif  // HWY_ONCE
