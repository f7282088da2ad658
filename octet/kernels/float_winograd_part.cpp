#include "octet/kernels/float_winograd_part.h"

#include <algorithm>

#include "octet/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/float_winograd_part.cpp"
#include <hwy/foreach_target.h>
// Behind foreach_target.h, which reads them once for each instruction set.
#include "octet/kernels/eight_floats-inl.h"
#include "octet/kernels/float_tile-inl.h"
#include "octet/kernels/winograd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

// Rows and columns of an image, some of them beyond its edges.
struct Window {
  int64_t image, row, column;
  int64_t rows, columns;
};

// Eight channels of a window as (row, column, 8), zeros beyond the edges.
void stage_window(const FloatImages& images, const float* x, int64_t channel, const Window& w,
                  float* to) {
  const int64_t begin = std::clamp<int64_t>(-w.column, 0, w.columns);
  const int64_t end = std::clamp<int64_t>(images.width - w.column, begin, w.columns);
  for (int64_t r = w.row; r < w.row + w.rows; ++r, to += w.columns * kFloatBlock) {
    if (r < 0 || r >= images.height) {
      std::fill_n(to, w.columns * kFloatBlock, 0.0F);
      continue;
    }
    std::fill_n(to, begin * kFloatBlock, 0.0F);
    std::fill_n(to + end * kFloatBlock, (w.columns - end) * kFloatBlock, 0.0F);
    const float* from =
        x + images.places.offset(w.image, channel, r * images.width + w.column + begin);
    for (int64_t c = begin; c < end; ++c, from += images.places.lanes) {
      for (int v = 0; v < kVectors; ++v) {
        hn::StoreU(load(from + v * kLanes), FloatTag(), to + c * kFloatBlock + v * kLanes);
      }
    }
  }
}

// What a row of tiles reads, of eight channels of x, transformed.
void transform_row(const TileLayer& layer, const float* x, int64_t row, int64_t channel,
                   int64_t tile_step, int64_t product_step, float* to, float* staged) {
  const int64_t columns = winograd_extent(layer.y.width);
  stage_window(layer.x, x, channel,
               {.image = row / layer.tile_rows(),
                .row = 2 * (row % layer.tile_rows()) - layer.pad_top,
                .column = -layer.pad_left,
                .rows = 4,
                .columns = columns},
               staged);
  const TileSteps steps{.pixel = kFloatBlock,
                        .row = columns * kFloatBlock,
                        .tile = tile_step,
                        .product = product_step};
  for (int v = 0; v < kVectors; ++v) {
    transform_tiles(FloatTag(), staged + v * kLanes, steps, layer.tile_columns(), to + v * kLanes);
  }
}

// The outputs of one tile in eight channels.
void finish_eight(const TileLayer& layer, const float* products, int64_t step, int64_t row,
                  int64_t column, int64_t channel, const float* bias, float* y) {
  const FloatImages& images = layer.y;
  const int64_t image = row / layer.tile_rows(), top = 2 * (row % layer.tile_rows());
  const int64_t rows = std::min<int64_t>(2, images.height - top);
  const int64_t columns = std::min<int64_t>(2, images.width - 2 * column);
  float* to = y + images.places.offset(image, channel, top * images.width + 2 * column);
  for (int v = 0; v < kVectors; ++v) {
    FloatVector outputs[2][2];
    gather_tile(FloatTag(), products + v * kLanes, step, outputs);
    const FloatVector shift = bias != nullptr ? load(bias + channel + v * kLanes) : set(0);
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < columns; ++j) {
        hn::StoreU(hn::Add(outputs[i][j], shift), FloatTag(),
                   to + (i * images.width + j) * images.places.lanes + v * kLanes);
      }
    }
  }
}

void finish_rows(const TileLayer& layer, const float* products, int64_t step, int64_t panel,
                 Range rows, const float* bias, float* y) {
  const int64_t first = panel * kFloatPanel;
  const int64_t end = std::min(first + kFloatPanel, layer.y.places.channels);
  for (int64_t row = rows.first; row < rows.end(); ++row) {
    for (int64_t column = 0; column < layer.tile_columns(); ++column, products += kFloatPanel) {
      for (int64_t channel = first; channel < end; channel += kFloatBlock) {
        finish_eight(layer, products + channel - first, step, row, column, channel, bias, y);
      }
    }
  }
}

void tile_rows_forward_simd(const TileLayer& layer, const float* x, const float* weights,
                            const float* bias, Range panels, Range rows, float* y, float* scratch) {
  const int64_t channels = layer.x.places.channels, tiles = rows.count * layer.tile_columns();
  const auto matrices = winograd_matrices<float>(tiles, channels);
  const auto results = winograd_matrices<float>(tiles, kFloatPanel);
  float* transforms = scratch;
  float* products = transforms + matrices.size();
  float* staged = products + results.size();
  for (int64_t row = 0; row < rows.count; ++row) {
    for (int64_t channel = 0; channel < channels; channel += kFloatBlock) {
      transform_row(layer, x, rows.first + row, channel, channels, matrices.step,
                    transforms + row * layer.tile_columns() * channels + channel, staged);
    }
  }
  for (int64_t panel = 0; panel < panels.count; ++panel) {
    for (int64_t product = 0; product < kWinogradProducts; ++product) {
      float_line(tiles, {transforms + product * matrices.step, channels, channels}, weights,
                 products + product * results.step);
      weights += channels * kFloatPanel;
    }
    finish_rows(layer, products, results.step, panels.first + panel, rows, bias, y);
  }
}

void transform_x_row_simd(const TileLayer& layer, const GradientChunk& chunk, const float* x,
                          int64_t row, float* transforms, float* staged) {
  const int64_t tiles = chunk.tiles(layer), channels = layer.x.places.channels;
  const int64_t step = chunk.x(layer).step;
  for (int64_t channel = 0; channel < channels; channel += kFloatBlock) {
    transform_row(layer, x, chunk.rows.first + row, channel, kFloatBlock, step,
                  transforms + channel * tiles + row * layer.tile_columns() * kFloatBlock, staged);
  }
}

// A times two values.
template <class Vector>
HWY_INLINE void spread_two(const Vector& a, const Vector& b, Vector* to, int64_t step) {
  to[0] = a;
  to[step] = hn::Add(a, b);
  to[2 * step] = hn::Sub(a, b);
  to[3 * step] = hn::Neg(b);
}

// A dy A^T of eight channels of a row of tiles.
HWY_INLINE void spread_row(const float* staged, int64_t columns, int64_t step, float* to) {
  for (int64_t column = 0; column < columns; column += 2, to += kFloatPanel) {
    for (int v = 0; v < kVectors; ++v) {
      const float* from = staged + column * kFloatBlock + v * kLanes;
      const float* below = from + columns * kFloatBlock;
      FloatVector halves[4][2], all[4][4];
      spread_two(load(from), load(below), &halves[0][0], 2);
      spread_two(load(from + kFloatBlock), load(below + kFloatBlock), &halves[0][1], 2);
      for (int i = 0; i < 4; ++i) spread_two(halves[i][0], halves[i][1], all[i], 1);
      for (int i = 0; i < 16; ++i) {
        hn::StoreU(all[i / 4][i % 4], FloatTag(), to + i * step + v * kLanes);
      }
    }
  }
}

void transform_y_row_simd(const TileLayer& layer, const GradientChunk& chunk, const float* dy,
                          int64_t row, float* transforms, float* staged) {
  const int64_t tiles = chunk.tiles(layer), columns = 2 * layer.tile_columns();
  const int64_t step = chunk.y(layer).step;
  const int64_t tile_row = chunk.rows.first + row;
  const Window window{.image = tile_row / layer.tile_rows(),
                      .row = 2 * (tile_row % layer.tile_rows()),
                      .column = 0,
                      .rows = 2,
                      .columns = columns};
  for (int64_t i = 0; i < chunk.panels.count * kFloatPanel; i += kFloatBlock) {
    const int64_t channel = chunk.panels.first * kFloatPanel + i;
    float* to = transforms + (i / kFloatPanel * tiles + row * layer.tile_columns()) * kFloatPanel +
                i % kFloatPanel;
    if (channel < layer.y.places.channels) {
      stage_window(layer.y, dy, channel, window, staged);
    } else {
      std::fill_n(staged, 2 * columns * kFloatBlock, 0.0F);
    }
    spread_row(staged, columns, step, to);
  }
}

void gradient_product_simd(const TileLayer& layer, const GradientChunk& chunk, const float* x,
                           const float* dy, int64_t panel, int64_t product, bool add,
                           float* products) {
  const int64_t tiles = chunk.tiles(layer), channels = layer.x.places.channels;
  x += product * chunk.x(layer).step;
  dy += product * chunk.y(layer).step + panel * tiles * kFloatPanel;
  products += (panel * kWinogradProducts + product) * channels * kFloatPanel;
  for (int64_t channel = 0; channel < channels; channel += kFloatBlock) {
    outer_products(tiles, x + channel * tiles, dy, add, products + channel * kFloatPanel);
  }
}

// G^T times four values.
HWY_INLINE void gather_three(const FloatVector* m, int64_t step, FloatVector* to, int64_t to_step) {
  const FloatVector half = set(0.5F);
  const FloatVector sum = hn::Mul(half, hn::Add(m[step], m[2 * step]));
  to[0] = hn::Add(m[0], sum);
  to[to_step] = hn::Mul(half, hn::Sub(m[step], m[2 * step]));
  to[2 * to_step] = hn::Add(sum, m[3 * step]);
}

void finish_gradient_simd(const TileLayer& layer, const GradientChunk& chunk, const float* products,
                          int64_t panel, float* dw) {
  const int64_t channels = layer.x.places.channels, step = channels * kFloatPanel;
  const int64_t first = (chunk.panels.first + panel) * kFloatPanel;
  const int64_t lanes = std::min(kFloatPanel, layer.y.places.channels - first);
  products += panel * kWinogradProducts * step;
  float taps[9][kFloatPanel];
  for (int64_t channel = 0; channel < channels; ++channel, products += kFloatPanel) {
    for (int64_t lane = 0; lane < kFloatPanel; lane += kLanes) {
      FloatVector m[4][4], halves[3][4], w[3][3];
      for (int i = 0; i < 16; ++i) m[i / 4][i % 4] = load(products + i * step + lane);
      for (int i = 0; i < 4; ++i) gather_three(&m[0][i], 4, &halves[0][i], 4);
      for (int i = 0; i < 3; ++i) gather_three(halves[i], 1, w[i], 1);
      for (int i = 0; i < 9; ++i) hn::StoreU(w[i / 3][i % 3], FloatTag(), taps[i] + lane);
    }
    float* to = dw + (first * channels + channel) * 9;
    for (int64_t lane = 0; lane < lanes; ++lane, to += channels * 9) {
      for (int i = 0; i < 9; ++i) to[i] = taps[i][lane];
    }
  }
}

// G times three values, for the lanes of a panel.
HWY_INLINE void spread_three(const float* a, const float* b, const float* c, float* to,
                             int64_t step) {
  for (int64_t lane = 0; lane < kFloatPanel; lane += kLanes) {
    const FloatVector first = load(a + lane), middle = load(b + lane), last = load(c + lane);
    const FloatVector outer = hn::Add(first, last), half = set(0.5F);
    hn::StoreU(first, FloatTag(), to + lane);
    hn::StoreU(hn::Mul(half, hn::Add(outer, middle)), FloatTag(), to + step + lane);
    hn::StoreU(hn::Mul(half, hn::Sub(outer, middle)), FloatTag(), to + 2 * step + lane);
    hn::StoreU(last, FloatTag(), to + 3 * step + lane);
  }
}

void pack_float_panel_simd(const WeightOrder& order, int64_t panel, float* packed) {
  const int64_t first = panel * kFloatPanel;
  const int64_t lanes = std::min(kFloatPanel, order.out_channels - first);
  float w[9][kFloatPanel] = {}, halves[4][3][kFloatPanel];
  for (int64_t c = 0; c < order.in_channels; ++c, packed += kFloatPanel) {
    const float* from = order.w + first * order.out + c * order.in;
    for (int64_t lane = 0; lane < lanes; ++lane, from += order.out) {
      for (int tap = 0; tap < 9; ++tap) w[order.turned ? 8 - tap : tap][lane] = from[tap];
    }
    for (int i = 0; i < 3; ++i) {
      spread_three(w[i], w[3 + i], w[6 + i], halves[0][i], 3 * kFloatPanel);
    }
    for (int i = 0; i < 4; ++i) {
      spread_three(halves[i][0], halves[i][1], halves[i][2],
                   packed + 4 * i * order.in_channels * kFloatPanel,
                   order.in_channels * kFloatPanel);
    }
  }
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace octet::kernels {

HWY_EXPORT(tile_rows_forward_simd);
HWY_EXPORT(transform_x_row_simd);
HWY_EXPORT(transform_y_row_simd);
HWY_EXPORT(gradient_product_simd);
HWY_EXPORT(finish_gradient_simd);
HWY_EXPORT(pack_float_panel_simd);

int64_t forward_scratch(const TileLayer& layer, int64_t rows) {
  const int64_t tiles = rows * layer.tile_columns();
  return winograd_matrices<float>(tiles, layer.x.places.channels).size() +
         winograd_matrices<float>(tiles, kFloatPanel).size() + layer.staged_floats();
}

void tile_rows_forward(const TileLayer& layer, const float* x, const float* weights,
                       const float* bias, Range panels, Range rows, float* y, float* scratch) {
  HWY_DYNAMIC_DISPATCH(tile_rows_forward_simd)
  (layer, x, weights, bias, panels, rows, y, scratch);
}

void transform_x_row(const TileLayer& layer, const GradientChunk& chunk, const float* x,
                     int64_t row, float* transforms, float* staged) {
  HWY_DYNAMIC_DISPATCH(transform_x_row_simd)(layer, chunk, x, row, transforms, staged);
}

void transform_y_row(const TileLayer& layer, const GradientChunk& chunk, const float* dy,
                     int64_t row, float* transforms, float* staged) {
  HWY_DYNAMIC_DISPATCH(transform_y_row_simd)(layer, chunk, dy, row, transforms, staged);
}

void gradient_product(const TileLayer& layer, const GradientChunk& chunk, const float* x,
                      const float* dy, int64_t panel, int64_t product, bool add, float* products) {
  HWY_DYNAMIC_DISPATCH(gradient_product_simd)
  (layer, chunk, x, dy, panel, product, add, products);
}

void finish_gradient(const TileLayer& layer, const GradientChunk& chunk, const float* products,
                     int64_t panel, float* dw) {
  HWY_DYNAMIC_DISPATCH(finish_gradient_simd)(layer, chunk, products, panel, dw);
}

void pack_float_panel(const WeightOrder& order, int64_t panel, float* packed) {
  HWY_DYNAMIC_DISPATCH(pack_float_panel_simd)(order, panel, packed);
}

}  // namespace octet::kernels
#endif  // HWY_ONCE
