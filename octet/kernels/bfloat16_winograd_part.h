// The pieces of the gradients by tiles in bfloat16 (bfloat16_winograd.h): what one thread does at a
// time. Transforms are computed in float32 and rounded once.
#pragma once

#include <cstdint>

#include "octet/kernels/float_winograd_part.h"
#include "octet/kernels/gradient.h"

namespace octet::kernels {

// Panels that are multiplied together, and pairs: they stay in the first-level cache.
inline constexpr int64_t kBFloat16Panels = 4, kBFloat16Pairs = 128;

// Weights of a panel as pack_float_panel() leaves them, (product, input channel, 16), rounded:
// (product, pair of input channels, 16, 2). The number of channels is even.
void round_panel(const float* packed, int64_t in_channels, BFloat16* to);

// What backward_rows() needs of its own for so many rows of tiles.
struct BackwardRowsMemory {
  WinogradMatrices transforms;  // bfloat16: (tile, input channel)
  WinogradMatrices products;    // float32: (panel, tile, 16)

  BackwardRowsMemory(const TileLayer& layer, int64_t rows);
  int64_t bytes() const;
};

// The outputs of some rows of tiles, all panels; y is float32 or bfloat16. `memory` begins at a
// cache line.
void backward_rows(const TileLayer& layer, const BFloat16* x, const BFloat16* weights, Range rows,
                   const Gradient& y, void* memory);

// Of the gradient of the weights: transforms of some rows of tiles as (product, panel, pair of
// tiles, 16, 2). Rows with an odd number of tiles have one of zeros at their end.
struct PairedTiles {
  int64_t rows = 0;
  int64_t row_pairs = 0;
  int64_t panels = 0;

  PairedTiles(const TileLayer& layer, int64_t rows, int64_t channels)
      : rows(rows),
        row_pairs((layer.tile_columns() + 1) / 2),
        panels((channels + kFloatPanel - 1) / kFloatPanel) {}
  int64_t pairs() const { return rows * row_pairs; }
  int64_t panel_size() const { return pairs() * 2 * kFloatPanel; }
  // A cache line more, lest all matrices begin in the same set of a cache.
  int64_t step() const { return panels * panel_size() + 32; }
  int64_t size() const { return kWinogradProducts * step(); }
};

// Row `row` of `tiles` is row first + row of the layer.
void pair_x_row(const TileLayer& layer, const PairedTiles& tiles, const BFloat16* x, int64_t first,
                int64_t row, BFloat16* to);
void pair_y_row(const TileLayer& layer, const PairedTiles& tiles, const BFloat16* dy, int64_t first,
                int64_t row, BFloat16* to);

}  // namespace octet::kernels
