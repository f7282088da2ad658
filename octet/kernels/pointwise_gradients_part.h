// The loops of IntegerPointwiseGradients that bring its operands into the order in which
// bfloat16_products() reads them. Only where has_bfloat16().
//
// Numbers of channels are multiples of sixteen. A panel is sixteen channels; of pairs it holds
// (pair, channel, 2).
#pragma once

#include <cstdint>

#include "octet/kernels/bfloat16_tile.h"
#include "octet/kernels/gradient.h"

namespace octet::kernels {

// Panels of pairs of pixels; `panel` elements from one to the next. A last pixel without another
// has zeros beside it.
struct PixelPairs {
  BFloat16* pairs = nullptr;
  int64_t panel = 0;
};

// The gradient of sums, as integer_layer_gradients.h says, with one multiplier for each channel.
struct MaskedGradient {
  Gradient dy;
  const uint8_t* passes = nullptr;
  const float* multiplier = nullptr;
  int64_t channels = 0;
};

// Of `pixels` pixels: (pixel, channel) to `rows`, pairs of them to `pairs`, and to `sums` their
// sums, one for each channel.
void mask_pixels(const MaskedGradient& from, int64_t pixels, BFloat16* rows,
                 const PixelPairs& pairs, float* sums);

// x of a layer as integer_layer_gradients.h says. offsets: of each pixel, in elements.
struct IntegerPixels {
  const void* x = nullptr;
  bool is_signed = true;
  int32_t zero_point = 0;
  const int64_t* offsets = nullptr;
  int64_t channels = 0;
};
void pair_integers(const IntegerPixels& from, int64_t pixels, const PixelPairs& pairs);

// weights: (out_channels, in_channels), exact in bfloat16. To (pair of output channels, channel, 2)
// of panel number `panel` of the input channels.
void pack_input_panel(const float* weights, int64_t out_channels, int64_t in_channels,
                      int64_t panel, BFloat16* to);

// sums: (pixel, sums_row) to `channels` channels of dx, `offsets` from there for each pixel.
void store_pixels(const float* sums, int64_t sums_row, int64_t pixels, int64_t channels,
                  const int64_t* offsets, const Gradient& dx);

}  // namespace octet::kernels
