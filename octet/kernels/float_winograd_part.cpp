#include "octet/kernels/float_winograd_part.h"

#include <algorithm>

#include "octet/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "octet/kernels/float_winograd_part.cpp"
#include <hwy/foreach_target.h>
// Behind foreach_target.h, which reads them once for each instruction set.
#include "octet/kernels/float_tile-inl.h"
#include "octet/kernels/winograd_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

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

void transform_y_row_simd(const TileLayer& layer, const GradientChunk& chunk, const float* dy,
                          int64_t row, float* transforms, float* staged) {
  const int64_t tiles = chunk.tiles(layer), columns = 2 * layer.tile_columns();
  const int64_t step = chunk.y(layer).step;
  for (int64_t i = 0; i < chunk.panels.count * kFloatPanel; i += kFloatBlock) {
    const int64_t channel = chunk.panels.first * kFloatPanel + i;
    float* to = transforms + (i / kFloatPanel * tiles + row * layer.tile_columns()) * kFloatPanel +
                i % kFloatPanel;
    if (channel < layer.y.places.channels) {
      spread_tiles(layer, dy, chunk.rows.first + row, channel, kFloatPanel, step, to, staged);
    } else {
      std::fill_n(staged, 2 * columns * kFloatBlock, 0.0F);
      spread_row(staged, columns, kFloatPanel, step, to);
    }
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
