#include "octet/kernels/bfloat16_winograd_part.h"

#include <algorithm>

#include "octet/kernels/bfloat16_tile.h"
#include "octet/kernels/simd_targets.h"
#include "octet/kernels/whole_multiples.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/bfloat16_winograd_part.cpp"
#include <hwy/foreach_target.h>
// Behind foreach_target.h, which reads it once for each instruction set.
#include "octet/kernels/winograd_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

// Neighbours in memory: (i, 2) of two rows of values.
HWY_INLINE void store_pairs(FloatVector first, FloatVector second, BFloat16* to) {
  const hn::RebindToUnsigned<FloatTag> tag;
  const auto pair = hn::Or(bfloat16_bits(first), hn::ShiftLeft<16>(bfloat16_bits(second)));
  hn::StoreU(pair, tag, reinterpret_cast<uint32_t*>(to));
}

void round_panel_simd(const float* packed, int64_t in_channels, BFloat16* to) {
  for (int64_t c = 0; c < kWinogradProducts * in_channels; c += 2) {
    for (int64_t lane = 0; lane < kFloatPanel; lane += kLanes, to += 2 * kLanes) {
      store_pairs(load(packed + c * kFloatPanel + lane),
                  load(packed + (c + 1) * kFloatPanel + lane), to);
    }
  }
}

// Of eight channels, (product, tile, 8), `staged` behind them.
struct RowScratch {
  float* transforms;
  float* staged;

  RowScratch(const TileLayer& layer, float* memory)
      : transforms(memory), staged(memory + kWinogradProducts * row(layer)) {}
  static int64_t row(const TileLayer& layer) { return layer.tile_columns() * kFloatBlock; }
};

void backward_rows_simd(const TileLayer& layer, const BFloat16* x, const BFloat16* weights,
                        Range rows, const Gradient& y, void* memory) {
  const BackwardRowsMemory sizes(layer, rows.count);
  const int64_t channels = layer.x.places.channels, columns = layer.tile_columns();
  const int64_t tiles = rows.count * columns;
  auto* transforms = static_cast<BFloat16*>(memory);
  auto* products = reinterpret_cast<float*>(transforms + sizes.transforms.size());
  const RowScratch scratch(layer, products + sizes.products.size());
  for (int64_t row = 0; row < rows.count; ++row) {
    for (int64_t channel = 0; channel < channels; channel += kFloatBlock) {
      transform_row(layer, x, rows.first + row, channel, kFloatBlock, RowScratch::row(layer),
                    scratch.transforms, scratch.staged);
      const float* from = scratch.transforms;
      for (int64_t product = 0; product < kWinogradProducts; ++product) {
        BFloat16* to =
            transforms + product * sizes.transforms.step + row * columns * channels + channel;
        for (int64_t tile = 0; tile < columns; ++tile, from += kFloatBlock, to += channels) {
          for (int v = 0; v < kVectors; ++v) store(load(from + v * kLanes), to + v * kLanes);
        }
      }
    }
  }
  const int64_t panel_size = float_panel_size(channels), panels = layer.y.panels();
  for (int64_t panel = 0; panel < panels; panel += kBFloat16Panels) {
    const int64_t count = std::min(kBFloat16Panels, panels - panel);
    for (int64_t product = 0; product < kWinogradProducts; ++product) {
      bfloat16_products(
          tiles, channels / 2,
          {.x = transforms + product * sizes.transforms.step, .row = channels, .pair = 2},
          {.w = weights + panel * panel_size + product * channels * kFloatPanel,
           .panel = panel_size,
           .count = count},
          /*add=*/false,
          {.y = products + product * sizes.products.step,
           .row = kFloatPanel,
           .panel = tiles * kFloatPanel});
    }
    for (int64_t i = 0; i < count; ++i) {
      const float* of_panel = products + i * tiles * kFloatPanel;
      if (y.is_bfloat16) {
        finish_rows(layer, of_panel, sizes.products.step, panel + i, rows, nullptr,
                    static_cast<BFloat16*>(y.data));
      } else {
        finish_rows(layer, of_panel, sizes.products.step, panel + i, rows, nullptr,
                    static_cast<float*>(y.data));
      }
    }
  }
}

// A row of transformed tiles, (product, tile, 8), to pairs of them.
void store_row_pairs(const TileLayer& layer, const PairedTiles& tiles, const float* transforms,
                     int64_t row, int64_t channel, BFloat16* to) {
  const int64_t columns = layer.tile_columns(), odd = columns % 2;
  to += channel / kFloatPanel * tiles.panel_size() + row * tiles.row_pairs * 2 * kFloatPanel +
        channel % kFloatPanel * 2;
  for (int64_t product = 0; product < kWinogradProducts; ++product, to += tiles.step()) {
    BFloat16* pair = to;
    for (int64_t tile = 0; tile < columns; tile += 2, pair += 2 * kFloatPanel) {
      const float* from = transforms + (product * columns + tile) * kFloatBlock;
      const bool alone = odd != 0 && tile + 1 == columns;
      for (int v = 0; v < kVectors; ++v) {
        const FloatVector second = alone ? set(0) : load(from + kFloatBlock + v * kLanes);
        store_pairs(load(from + v * kLanes), second, pair + 2 * v * kLanes);
      }
    }
  }
}

void pair_x_row_simd(const TileLayer& layer, const PairedTiles& tiles, const BFloat16* x,
                     int64_t first, int64_t row, BFloat16* to, float* staged) {
  const RowScratch scratch(layer, staged);
  for (int64_t channel = 0; channel < layer.x.places.channels; channel += kFloatBlock) {
    transform_row(layer, x, first + row, channel, kFloatBlock, RowScratch::row(layer),
                  scratch.transforms, scratch.staged);
    store_row_pairs(layer, tiles, scratch.transforms, row, channel, to);
  }
}

void pair_y_row_simd(const TileLayer& layer, const PairedTiles& tiles, const BFloat16* dy,
                     int64_t first, int64_t row, BFloat16* to, float* staged) {
  const RowScratch scratch(layer, staged);
  for (int64_t channel = 0; channel < layer.y.places.channels; channel += kFloatBlock) {
    spread_tiles(layer, dy, first + row, channel, kFloatBlock, RowScratch::row(layer),
                 scratch.transforms, scratch.staged);
    store_row_pairs(layer, tiles, scratch.transforms, row, channel, to);
  }
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace octet::kernels {

HWY_EXPORT(round_panel_simd);
HWY_EXPORT(backward_rows_simd);
HWY_EXPORT(pair_x_row_simd);
HWY_EXPORT(pair_y_row_simd);

BackwardRowsMemory::BackwardRowsMemory(const TileLayer& layer, int64_t rows)
    : transforms(winograd_matrices<BFloat16>(rows * layer.tile_columns(), layer.x.places.channels)),
      products(winograd_matrices<float>(rows * layer.tile_columns(),
                                        std::min(kBFloat16Panels, layer.y.panels()) * kFloatPanel)),
      staged_floats(paired_staged_floats(layer)) {}

int64_t BackwardRowsMemory::bytes() const {
  constexpr int64_t kLine = 64;
  return rounded_up(2 * transforms.size() + 4 * (products.size() + staged_floats), kLine);
}

int64_t paired_staged_floats(const TileLayer& layer) {
  return kWinogradProducts * layer.tile_columns() * kFloatBlock + layer.staged_floats();
}

void round_panel(const float* packed, int64_t in_channels, BFloat16* to) {
  HWY_DYNAMIC_DISPATCH(round_panel_simd)(packed, in_channels, to);
}

void backward_rows(const TileLayer& layer, const BFloat16* x, const BFloat16* weights, Range rows,
                   const Gradient& y, void* memory) {
  HWY_DYNAMIC_DISPATCH(backward_rows_simd)(layer, x, weights, rows, y, memory);
}

void pair_x_row(const TileLayer& layer, const PairedTiles& tiles, const BFloat16* x, int64_t first,
                int64_t row, BFloat16* to, float* staged) {
  HWY_DYNAMIC_DISPATCH(pair_x_row_simd)(layer, tiles, x, first, row, to, staged);
}

void pair_y_row(const TileLayer& layer, const PairedTiles& tiles, const BFloat16* dy, int64_t first,
                int64_t row, BFloat16* to, float* staged) {
  HWY_DYNAMIC_DISPATCH(pair_y_row_simd)(layer, tiles, dy, first, row, to, staged);
}

}  // namespace octet::kernels
#endif  // HWY_ONCE
