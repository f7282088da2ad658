// Sums over images, which are the gradients of biases.
#pragma once

#include <cstdint>

#include "octet/kernels/channel_places.h"
#include "octet/kernels/gradient.h"

namespace octet::kernels {

// sums[i] = sum of the floats of channel `channel` + i, i below 8, over `batch` images whose
// channels lie side by side by eights. The order of the sums is that of the pixels.
void sum_channels(const ChannelPlaces& places, int64_t batch, const float* x, int64_t channel,
                  float* sums);
void sum_channels(const ChannelPlaces& places, int64_t batch, const BFloat16* x, int64_t channel,
                  float* sums);

}  // namespace octet::kernels
