// Quantization (quantize.h) that changes the layout on its way: from floats in blocks of sixteen
// channels, as convolutions of floats give them, to integers with the channels last, as those of
// integers read them.
#pragma once

#include <cstdint>

#include "octet/kernels/gradient.h"
#include "octet/kernels/requantization.h"

namespace octet::kernels {

// x: (images, channels / 16, pixels, 16); q: (images, pixels, channels).
struct BlockedImages {
  int64_t images = 1;
  int64_t channels = 16;  // a multiple of 16
  int64_t pixels = 1;
};

// As quantize(); the gradient bits lie as q does.
bool quantize_blocks(const float* x, const BlockedImages& images, const Requantization& output,
                     float scale, void* q, uint8_t* passes);

// dx = passes ? dy * factor : 0, with dy as q and dx as x.
void quantize_blocks_backward(const Gradient& dy, const BlockedImages& images,
                              const uint8_t* passes, float factor, float* dx);

}  // namespace octet::kernels
