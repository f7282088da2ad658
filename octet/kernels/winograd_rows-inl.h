// Rows of tiles of images of float32, eight channels at a time. Included once for each instruction
// set.
#if defined(OCTET_KERNELS_WINOGRAD_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OCTET_KERNELS_WINOGRAD_ROWS_INL_H
#undef OCTET_KERNELS_WINOGRAD_ROWS_INL_H
#else
#define OCTET_KERNELS_WINOGRAD_ROWS_INL_H
#endif

#include <algorithm>

#include "octet/kernels/eight_floats-inl.h"
#include "octet/kernels/float_winograd_part.h"
#include "octet/kernels/winograd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

// Rows and columns of an image, some of them beyond its edges.
struct Window {
  int64_t image, row, column;
  int64_t rows, columns;
};

// Eight channels of a window as (row, column, 8), zeros beyond the edges.
inline void stage_window(const FloatImages& images, const float* x, int64_t channel,
                         const Window& w, float* to) {
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
        store(load(from + v * kLanes), to + c * kFloatBlock + v * kLanes);
      }
    }
  }
}

// What a row of tiles reads, of eight channels of x, transformed.
inline void transform_row(const TileLayer& layer, const float* x, int64_t row, int64_t channel,
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
inline void finish_eight(const TileLayer& layer, const float* products, int64_t step, int64_t row,
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
        store(hn::Add(outputs[i][j], shift),
              to + (i * images.width + j) * images.places.lanes + v * kLanes);
      }
    }
  }
}

inline void finish_rows(const TileLayer& layer, const float* products, int64_t step, int64_t panel,
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

// A times two values.
template <class Vector>
HWY_INLINE void spread_two(const Vector& a, const Vector& b, Vector* to, int64_t step) {
  to[0] = a;
  to[step] = hn::Add(a, b);
  to[2 * step] = hn::Sub(a, b);
  to[3 * step] = hn::Neg(b);
}

// A dy A^T of eight channels of a row of tiles: `tile` elements from one to the next, and `step`
// from product to product.
HWY_INLINE void spread_row(const float* staged, int64_t columns, int64_t tile, int64_t step,
                           float* to) {
  for (int64_t column = 0; column < columns; column += 2, to += tile) {
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

// What a row of tiles of y becomes, from eight of its channels.
inline void spread_tiles(const TileLayer& layer, const float* y, int64_t row, int64_t channel,
                         int64_t tile, int64_t step, float* to, float* staged) {
  const int64_t columns = 2 * layer.tile_columns();
  stage_window(layer.y, y, channel,
               {.image = row / layer.tile_rows(),
                .row = 2 * (row % layer.tile_rows()),
                .column = 0,
                .rows = 2,
                .columns = columns},
               staged);
  spread_row(staged, columns, tile, step, to);
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
