// The pieces of FloatWinograd that are computed in vectors: what one thread does at a time.
#pragma once

#include <cstdint>

#include "octet/kernels/channel_places.h"
#include "octet/kernels/winograd_tiles.h"

namespace octet::kernels {

// Output channels of a panel of weights.
inline constexpr int64_t kFloatPanel = 16;
// Channels that are transformed together.
inline constexpr int64_t kFloatBlock = 8;

// Floats of (batch, channels, height, width).
struct FloatImages {
  ChannelPlaces places;
  int64_t height = 1;
  int64_t width = 1;

  int64_t panels() const { return (places.channels + kFloatPanel - 1) / kFloatPanel; }
};

// y = x * w, from the tiles' point of view. Rows of tiles are counted through all images.
struct TileLayer {
  FloatImages x, y;
  int64_t batch = 1;
  int64_t pad_top = 0, pad_left = 0;

  int64_t tile_rows() const { return winograd_tiles(y.height); }
  int64_t tile_columns() const { return winograd_tiles(y.width); }
  int64_t rows() const { return batch * tile_rows(); }
  // Of what a row of tiles reads in eight channels.
  int64_t staged_floats() const { return 4 * winograd_extent(y.width) * kFloatBlock; }
};

struct Range {
  int64_t first = 0;
  int64_t count = 0;

  int64_t end() const { return first + count; }
};

// How w is read: `out` and `in` elements from channel to channel, and the windows turned around for
// the gradient of x, which is the convolution of dy with these.
struct WeightOrder {
  const float* w = nullptr;
  int64_t out_channels = 1, in_channels = 1;
  int64_t out = 1, in = 1;
  bool turned = false;
};

inline int64_t float_panel_size(int64_t in_channels) {
  return kWinogradProducts * in_channels * kFloatPanel;
}

// G w G^T of one panel: (product, input channel, 16).
void pack_float_panel(const WeightOrder& order, int64_t panel, float* packed);

// Floats that tile_rows_forward needs for so many rows.
int64_t forward_scratch(const TileLayer& layer, int64_t rows);
// The outputs of some rows of tiles and some panels; `weights` begin with the first of these. bias
// may be null.
void tile_rows_forward(const TileLayer& layer, const float* x, const float* weights,
                       const float* bias, Range panels, Range rows, float* y, float* scratch);

// Of the gradient of w: some rows of tiles, and of y some panels of channels.
struct GradientChunk {
  Range rows;
  Range panels;

  int64_t tiles(const TileLayer& layer) const { return rows.count * layer.tile_columns(); }
  // The transforms of x and of dy.
  WinogradMatrices x(const TileLayer& layer) const {
    return winograd_matrices<float>(tiles(layer), layer.x.places.channels);
  }
  WinogradMatrices y(const TileLayer& layer) const {
    return winograd_matrices<float>(tiles(layer), panels.count * kFloatPanel);
  }
  int64_t products_size(const TileLayer& layer) const {
    return panels.count * float_panel_size(layer.x.places.channels);
  }
};

// Transforms of a row of tiles, counted from the first of the chunk: of x as (product, block of
// eight channels, tile, 8), of dy as (product, panel, tile, 16). `staged` has
// layer.staged_floats().
void transform_x_row(const TileLayer& layer, const GradientChunk& chunk, const float* x,
                     int64_t row, float* transforms, float* staged);
void transform_y_row(const TileLayer& layer, const GradientChunk& chunk, const float* dy,
                     int64_t row, float* transforms, float* staged);
// Adds one product of one panel, counted from the first of the chunk, to (panel, product, input
// channel, 16), or sets it.
void gradient_product(const TileLayer& layer, const GradientChunk& chunk, const float* x,
                      const float* dy, int64_t panel, int64_t product, bool add, float* products);
// G^T M G of a panel of the chunk, to dw (out_channels, in_channels, 3, 3).
void finish_gradient(const TileLayer& layer, const GradientChunk& chunk, const float* products,
                     int64_t panel, float* dw);

}  // namespace octet::kernels
