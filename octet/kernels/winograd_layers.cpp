#include "octet/kernels/winograd_layers.h"

#include <algorithm>

namespace octet::kernels {
namespace {

constexpr int64_t kTaps = 9;

}  // namespace

TileLayer forward_layer(const ConvolutionShape& s, Layout in, Layout out) {
  return {
      .x = {channel_places(s.in_channels, s.in_height * s.in_width, in), s.in_height, s.in_width},
      .y = {channel_places(s.out_channels, s.out_height * s.out_width, out), s.out_height,
            s.out_width},
      .batch = s.batch,
      .pad_top = s.pad_top,
      .pad_left = s.pad_left};
}

TileLayer backward_layer(const ConvolutionShape& s, Layout in, Layout out) {
  const TileLayer layer = forward_layer(s, in, out);
  return {.x = layer.y,
          .y = layer.x,
          .batch = s.batch,
          .pad_top = 2 - s.pad_top,
          .pad_left = 2 - s.pad_left};
}

WeightOrder forward_order(const ConvolutionShape& s, const float* w) {
  return {.w = w,
          .out_channels = s.out_channels,
          .in_channels = s.in_channels,
          .out = s.in_channels * kTaps,
          .in = kTaps};
}

WeightOrder backward_order(const ConvolutionShape& s, const float* w) {
  return {.w = w,
          .out_channels = s.in_channels,
          .in_channels = s.out_channels,
          .out = kTaps,
          .in = s.in_channels * kTaps,
          .turned = true};
}

bool tiles_pay(const ConvolutionShape& s, Layout in, Layout out) {
  const bool plain = s.groups == 1 && s.kernel_h == 3 && s.kernel_w == 3 && s.stride_h == 1 &&
                     s.stride_w == 1 && s.dilation_h == 1 && s.dilation_w == 1 && s.pad_top <= 2 &&
                     s.pad_left <= 2;
  const bool side_by_side = lanes_of(in, s.in_channels) % kFloatBlock == 0 &&
                            lanes_of(out, s.out_channels) % kFloatBlock == 0;
  constexpr int64_t kLeastChannels = 32;
  if (!plain || !side_by_side || std::min(s.in_channels, s.out_channels) < kLeastChannels) {
    return false;
  }
  // Transformed weights are nearly twice as many as those of the layer: they want to be used.
  constexpr int64_t kLeastTiles = 32;
  const int64_t tiles = winograd_tiles(s.out_height) * winograd_tiles(s.out_width);
  if (s.batch * tiles < kLeastTiles) return false;
  // At an edge tiles compute outputs that nobody wants, up to four for one.
  constexpr double kMostComputed = 1.4;
  return static_cast<double>(4 * tiles) <=
         kMostComputed * static_cast<double>(s.out_height * s.out_width);
}

}  // namespace octet::kernels
