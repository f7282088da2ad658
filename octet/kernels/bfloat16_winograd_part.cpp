#include "octet/kernels/bfloat16_winograd_part.h"

#include <hwy/base.h>

#include <algorithm>

#include "octet/base/error.h"
#include "octet/kernels/bfloat16_tile.h"
#include "octet/kernels/whole_multiples.h"

#if HWY_ARCH_X86
#include "octet/kernels/bfloat16_vectors.h"

OCTET_PUSH_BFLOAT16_ATTRIBUTES
#endif

namespace octet::kernels {

#if HWY_ARCH_X86

namespace {

// Sixteen channels of some rows of an image, from the first column on; those beyond its edges are
// zeros.
template <int kRows>
class ImageRows {
 public:
  ImageRows(const FloatImages& images, const BFloat16* x, int64_t image, int64_t channel,
            int64_t row, int64_t first_column)
      : width_(images.width), first_(first_column) {
    static constexpr BFloat16 kZeros[kFloatPanel] = {};
    for (int r = 0; r < kRows; ++r) {
      const bool inside = row + r >= 0 && row + r < images.height;
      rows_[r] =
          inside ? x + images.places.offset(image, channel, (row + r) * images.width) : kZeros;
      pitch_[r] = inside ? images.places.lanes : 0;
    }
  }

  HWY_INLINE void column(int64_t index, __m512 (&to)[kRows]) const {
    const int64_t column = first_ + index;
    if (column < 0 || column >= width_) {
      for (int r = 0; r < kRows; ++r) to[r] = _mm512_setzero_ps();
      return;
    }
    for (int r = 0; r < kRows; ++r) to[r] = load(rows_[r] + column * pitch_[r]);
  }

 private:
  const BFloat16* rows_[kRows];
  int64_t pitch_[kRows];
  int64_t width_, first_;
};

// B^T times four values.
HWY_INLINE void transform_four(__m512 a, __m512 b, __m512 c, __m512 d, __m512 (&to)[4]) {
  to[0] = _mm512_sub_ps(a, c);
  to[1] = _mm512_add_ps(b, c);
  to[2] = _mm512_sub_ps(c, b);
  to[3] = _mm512_sub_ps(b, d);
}

HWY_INLINE void transformed_column(const ImageRows<4>& rows, int64_t index, __m512 (&to)[4]) {
  __m512 x[4];
  rows.column(index, x);
  transform_four(x[0], x[1], x[2], x[3], to);
}

// B^T x B of a row of tiles, two at a time: emit(product, tile, both rounded). Of an odd number the
// last has what the columns behind it give beside it.
template <class Emit>
HWY_INLINE void transform_tiles(const ImageRows<4>& rows, int64_t tiles, const Emit& emit) {
  __m512 columns[6][4];
  transformed_column(rows, 0, columns[0]);
  transformed_column(rows, 1, columns[1]);
  for (int64_t tile = 0; tile < tiles; tile += 2) {
    for (int i = 2; i < 6; ++i) transformed_column(rows, 2 * tile + i, columns[i]);
    HWY_UNROLL(4)
    for (int y = 0; y < 4; ++y) {
      __m512 first[4], second[4];
      transform_four(columns[0][y], columns[1][y], columns[2][y], columns[3][y], first);
      transform_four(columns[2][y], columns[3][y], columns[4][y], columns[5][y], second);
      HWY_UNROLL(4)
      for (int i = 0; i < 4; ++i) emit(4 * y + i, tile, rounded(first[i], second[i]));
      columns[0][y] = columns[4][y];
      columns[1][y] = columns[5][y];
    }
  }
}

// A times two values.
HWY_INLINE void spread_two(__m512 a, __m512 b, __m512 (&to)[4]) {
  to[0] = a;
  to[1] = _mm512_add_ps(a, b);
  to[2] = _mm512_sub_ps(a, b);
  to[3] = _mm512_sub_ps(_mm512_setzero_ps(), b);
}

HWY_INLINE void spread_column(const ImageRows<2>& rows, int64_t index, __m512 (&to)[4]) {
  __m512 y[2];
  rows.column(index, y);
  spread_two(y[0], y[1], to);
}

// A dy A^T, likewise.
template <class Emit>
HWY_INLINE void spread_tiles(const ImageRows<2>& rows, int64_t tiles, const Emit& emit) {
  for (int64_t tile = 0; tile < tiles; tile += 2) {
    __m512 columns[4][4];
    for (int i = 0; i < 4; ++i) spread_column(rows, 2 * tile + i, columns[i]);
    HWY_UNROLL(4)
    for (int y = 0; y < 4; ++y) {
      __m512 first[4], second[4];
      spread_two(columns[0][y], columns[1][y], first);
      spread_two(columns[2][y], columns[3][y], second);
      HWY_UNROLL(4)
      for (int i = 0; i < 4; ++i) emit(4 * y + i, tile, rounded(first[i], second[i]));
    }
  }
}

// A^T times four values.
HWY_INLINE void gather_two(const __m512 (&m)[4], __m512& first, __m512& second) {
  first = _mm512_add_ps(_mm512_add_ps(m[0], m[1]), m[2]);
  second = _mm512_sub_ps(_mm512_sub_ps(m[1], m[2]), m[3]);
}

// A^T m A of rows of tiles, (tile, 16) of each product, to sixteen channels of y.
template <class T>
void finish_rows(const TileLayer& layer, const float* products, int64_t step, int64_t channel,
                 Range rows, T* y) {
  const FloatImages& images = layer.y;
  const int64_t pitch = images.places.lanes;
  for (int64_t row = rows.first; row < rows.end(); ++row) {
    const int64_t top = 2 * (row % layer.tile_rows());
    const int64_t height = std::min<int64_t>(2, images.height - top);
    T* to = y + images.places.offset(row / layer.tile_rows(), channel, top * images.width);
    for (int64_t column = 0; column < images.width; column += 2, products += kFloatPanel) {
      __m512 halves[2][4];
      HWY_UNROLL(4)
      for (int x = 0; x < 4; ++x) {
        __m512 m[4];
        for (int i = 0; i < 4; ++i) m[i] = load(products + (4 * i + x) * step);
        gather_two(m, halves[0][x], halves[1][x]);
      }
      for (int64_t i = 0; i < height; ++i) {
        __m512 left, right;
        gather_two(halves[i], left, right);
        T* pixel = to + (i * images.width + column) * pitch;
        store(left, pixel);
        if (column + 1 < images.width) store(right, pixel + pitch);
      }
    }
  }
}

// Where the tiles of a row of the layer begin, for what is computed from x.
ImageRows<4> rows_of_x(const TileLayer& layer, const BFloat16* x, int64_t row, int64_t channel) {
  return {layer.x,
          x,
          row / layer.tile_rows(),
          channel,
          2 * (row % layer.tile_rows()) - layer.pad_top,
          -layer.pad_left};
}

void transform_rows(const TileLayer& layer, const BFloat16* x, Range rows,
                    const WinogradMatrices& matrices, BFloat16* to) {
  const int64_t channels = layer.x.places.channels, columns = layer.tile_columns();
  for (int64_t row = rows.first; row < rows.end(); ++row, to += columns * channels) {
    for (int64_t channel = 0; channel < channels; channel += kFloatPanel) {
      transform_tiles(rows_of_x(layer, x, row, channel), columns,
                      [&](int product, int64_t tile, __m512i both) {
                        BFloat16* at = to + product * matrices.step + tile * channels + channel;
                        store_half(_mm512_castsi512_si256(both), at);
                        if (tile + 1 == columns) return;
                        store_half(_mm512_extracti64x4_epi64(both, 1), at + channels);
                      });
    }
  }
}

// Calls of transform_tiles() or spread_tiles() for a row of tiles, to pairs of them. A last one
// alone has zeros beside it.
auto to_pairs(const TileLayer& layer, const PairedTiles& tiles, int64_t row, int64_t channel,
              BFloat16* to) {
  to += channel / kFloatPanel * tiles.panel_size() + row * tiles.row_pairs * 2 * kFloatPanel;
  const int64_t columns = layer.tile_columns(), step = tiles.step();
  return [to, columns, step](int product, int64_t tile, __m512i both) {
    const __m512i pair = tile + 1 < columns ? interleaved(both)
                                            : _mm512_cvtepu16_epi32(_mm512_castsi512_si256(both));
    _mm512_storeu_si512(to + product * step + tile * kFloatPanel, pair);
  };
}

}  // namespace

void round_panel(const float* packed, int64_t in_channels, BFloat16* to) {
  for (int64_t c = 0; c < kWinogradProducts * in_channels; c += 2, to += 2 * kFloatPanel) {
    const __m512 first = load(packed + c * kFloatPanel);
    const __m512 second = load(packed + (c + 1) * kFloatPanel);
    _mm512_storeu_si512(to, interleaved(rounded(first, second)));
  }
}

void backward_rows(const TileLayer& layer, const BFloat16* x, const BFloat16* weights, Range rows,
                   const Gradient& y, void* memory) {
  const BackwardRowsMemory sizes(layer, rows.count);
  const int64_t channels = layer.x.places.channels, tiles = rows.count * layer.tile_columns();
  auto* transforms = static_cast<BFloat16*>(memory);
  auto* products = reinterpret_cast<float*>(transforms + sizes.transforms.size());
  transform_rows(layer, x, rows, sizes.transforms, transforms);
  const int64_t panel_size = float_panel_size(channels), panels = layer.y.panels();
  for (int64_t panel = 0; panel < panels; panel += kBFloat16Panels) {
    const int64_t count = std::min(kBFloat16Panels, panels - panel);
    for (int64_t product = 0; product < kWinogradProducts; ++product) {
      for (int64_t pair = 0; pair < channels / 2; pair += kBFloat16Pairs) {
        bfloat16_products(
            tiles, std::min(kBFloat16Pairs, channels / 2 - pair),
            {.x = transforms + product * sizes.transforms.step + 2 * pair,
             .row = channels,
             .pair = 2},
            {.w = weights + panel * panel_size + (product * channels + 2 * pair) * kFloatPanel,
             .panel = panel_size,
             .count = count},
            /*add=*/pair > 0,
            {.y = products + product * sizes.products.step,
             .row = kFloatPanel,
             .panel = tiles * kFloatPanel});
      }
    }
    for (int64_t i = 0; i < count; ++i) {
      with_elements(y, [&](auto* to) {
        finish_rows(layer, products + i * tiles * kFloatPanel, sizes.products.step,
                    (panel + i) * kFloatPanel, rows, to);
      });
    }
  }
}

void pair_x_row(const TileLayer& layer, const PairedTiles& tiles, const BFloat16* x, int64_t first,
                int64_t row, BFloat16* to) {
  for (int64_t channel = 0; channel < layer.x.places.channels; channel += kFloatPanel) {
    transform_tiles(rows_of_x(layer, x, first + row, channel), layer.tile_columns(),
                    to_pairs(layer, tiles, row, channel, to));
  }
}

void pair_y_row(const TileLayer& layer, const PairedTiles& tiles, const BFloat16* dy, int64_t first,
                int64_t row, BFloat16* to) {
  const int64_t image = (first + row) / layer.tile_rows();
  const int64_t top = 2 * ((first + row) % layer.tile_rows());
  for (int64_t channel = 0; channel < layer.y.places.channels; channel += kFloatPanel) {
    spread_tiles(ImageRows<2>(layer.y, dy, image, channel, top, 0), layer.tile_columns(),
                 to_pairs(layer, tiles, row, channel, to));
  }
}

#else

// has_bfloat16() is false.
void round_panel(const float*, int64_t, BFloat16*) {
  OCTET_INTERNAL_CHECK(false);
}
void backward_rows(const TileLayer&, const BFloat16*, const BFloat16*, Range, const Gradient&,
                   void*) {
  OCTET_INTERNAL_CHECK(false);
}
void pair_x_row(const TileLayer&, const PairedTiles&, const BFloat16*, int64_t, int64_t,
                BFloat16*) {
  OCTET_INTERNAL_CHECK(false);
}
void pair_y_row(const TileLayer&, const PairedTiles&, const BFloat16*, int64_t, int64_t,
                BFloat16*) {
  OCTET_INTERNAL_CHECK(false);
}

#endif

BackwardRowsMemory::BackwardRowsMemory(const TileLayer& layer, int64_t rows)
    : transforms(winograd_matrices<BFloat16>(rows * layer.tile_columns(), layer.x.places.channels)),
      products(winograd_matrices<float>(
          rows * layer.tile_columns(), std::min(kBFloat16Panels, layer.y.panels()) * kFloatPanel)) {
}

int64_t BackwardRowsMemory::bytes() const {
  constexpr int64_t kLine = 64;
  return rounded_up(2 * transforms.size() + 4 * products.size(), kLine);
}

}  // namespace octet::kernels

#if HWY_ARCH_X86
HWY_POP_ATTRIBUTES
#endif
