// The transforms of winograd.h for a part, in vectors. Included once for each instruction set.
#if defined(OCTET_KERNELS_WINOGRAD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OCTET_KERNELS_WINOGRAD_INL_H
#undef OCTET_KERNELS_WINOGRAD_INL_H
#else
#define OCTET_KERNELS_WINOGRAD_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>

#include "octet/kernels/convolution_tile-inl.h"
#include "octet/kernels/winograd.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using StagedTag = hn::CappedTag<int16_t, 16>;
using StagedVector = hn::Vec<StagedTag>;
using SumTag = hn::CappedTag<int32_t, kPanelChannels>;
using SumVector = hn::Vec<SumTag>;

// B^T times four values.
template <class Vector>
HWY_INLINE void transform_four(const Vector& a, const Vector& b, const Vector& c, const Vector& d,
                               Vector* to) {
  to[0] = hn::Sub(a, c);
  to[1] = hn::Add(b, c);
  to[2] = hn::Sub(c, b);
  to[3] = hn::Sub(b, d);
}

// A row of tiles, some channels of it: `x` is their first staged element, `row` those of a staged
// row; the sixteen transforms of a tile are `step` apart, `to` is where those of the first begin.
HWY_INLINE void transform_tiles(const int16_t* HWY_RESTRICT x, int64_t row, int64_t channels,
                                int64_t tiles, int16_t* HWY_RESTRICT to, int64_t step) {
  const StagedTag tag;
  StagedVector columns[4][4];
  const auto column = [&](int64_t index, StagedVector* into) {
    const int16_t* from = x + index * channels;
    transform_four(hn::LoadU(tag, from), hn::LoadU(tag, from + row), hn::LoadU(tag, from + 2 * row),
                   hn::LoadU(tag, from + 3 * row), into);
  };
  column(0, columns[0]);
  column(1, columns[1]);
  for (int64_t tile = 0; tile < tiles; ++tile, to += channels) {
    column(2 * tile + 2, columns[2]);
    column(2 * tile + 3, columns[3]);
    for (int y = 0; y < 4; ++y) {
      StagedVector values[4];
      transform_four(columns[0][y], columns[1][y], columns[2][y], columns[3][y], values);
      for (int i = 0; i < 4; ++i) hn::StoreU(values[i], tag, to + (4 * y + i) * step);
      columns[0][y] = columns[2][y];
      columns[1][y] = columns[3][y];
    }
  }
}

// What is staged of a part becomes sixteen matrices (tile, channel).
HWY_INLINE void transform_input(const ConvolutionPlan& plan, const ConvolutionPart& part,
                                const int16_t* staged, const WinogradMatrices& matrices,
                                int16_t* to) {
  const int64_t row = plan.staged_columns * plan.section_in;
  const int64_t tile_columns = plan.staged_columns / kWinogradTile - 1;
  const int64_t rows = plan.staged_rows(part.rows);
  for (int64_t image = 0; image < part.images; ++image, staged += rows * row) {
    for (int64_t first = 0; first + kWinogradTile < rows; first += kWinogradTile) {
      for (int64_t channel = 0; channel < plan.section_in; channel += hn::MaxLanes(StagedTag())) {
        transform_tiles(staged + first * row + channel, row, plan.section_in, tile_columns,
                        to + channel, matrices.step);
      }
      to += tile_columns * plan.section_in;
    }
  }
}

// A^T times four values.
HWY_INLINE void gather_two(const SumVector* m, int64_t step, SumVector& first, SumVector& second) {
  first = hn::Add(hn::Add(m[0], m[step]), m[2 * step]);
  second = hn::Sub(hn::Sub(m[step], m[2 * step]), m[3 * step]);
}

// One tile, some channels of it: `m` is the first of its sixteen products. Outputs beyond the edge
// are left out.
HWY_INLINE void finish_tile(const int32_t* HWY_RESTRICT m, int64_t step, int64_t rows,
                            int64_t columns, int64_t sums_row, int32_t* HWY_RESTRICT sums) {
  const SumTag tag;
  SumVector products[4][4], halves[2][4], y[2][2];
  for (int i = 0; i < 16; ++i) products[i / 4][i % 4] = hn::LoadU(tag, m + i * step);
  for (int x = 0; x < 4; ++x) gather_two(&products[0][x], 4, halves[0][x], halves[1][x]);
  for (int i = 0; i < 2; ++i) gather_two(halves[i], 1, y[i][0], y[i][1]);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      hn::StoreU(hn::ShiftRight<2>(y[i][j]), tag, sums + i * sums_row + j * kPanelChannels);
    }
  }
}

// The sixteen products of a panel become its sums (image, row, column, 16).
HWY_INLINE void transform_output(const ConvolutionPlan& plan, const ConvolutionPart& part,
                                 const WinogradMatrices& matrices, const int32_t* products,
                                 int32_t* sums) {
  const int64_t columns = plan.shape.out_width, sums_row = columns * kPanelChannels;
  for (int64_t image = 0; image < part.images; ++image) {
    for (int64_t row = 0; row < part.rows; row += kWinogradTile) {
      const int64_t rows = std::min(kWinogradTile, part.rows - row);
      for (int64_t column = 0; column < columns; column += kWinogradTile) {
        for (int64_t lane = 0; lane < kPanelChannels; lane += hn::MaxLanes(SumTag())) {
          finish_tile(products + lane, matrices.step, rows,
                      std::min(kWinogradTile, columns - column), sums_row,
                      sums + (image * part.rows + row) * sums_row + column * kPanelChannels + lane);
        }
        products += kPanelChannels;
      }
    }
  }
}

// The sums of one panel; `transforms` is what transform_input has made.
HWY_INLINE void winograd_sums(const ConvolutionPlan& plan, const ConvolutionPart& part,
                              const int16_t* transforms, const int16_t* weights, int32_t* products,
                              int32_t* sums) {
  const WinogradMatrices x = winograd_transforms(plan, part.images, part.rows);
  const WinogradMatrices y = winograd_products(plan, part.images, part.rows);
  const int64_t start = 0;
  TileInput in{.step = x.columns, .pitch = 1, .offsets = &start, .runs = 1, .pairs = x.columns / 2};
  for (int64_t product = 0; product < kWinogradProducts; ++product) {
    in.x = transforms + product * x.step;
    dense_line(x.tiles, in, weights + product * x.columns * kPanelChannels, /*add=*/false,
               products + product * y.step);
  }
  transform_output(plan, part, y, products, sums);
}

}  // namespace octet::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
