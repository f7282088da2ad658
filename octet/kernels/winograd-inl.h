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

// Where a row of tiles is read, in elements from pixel to pixel and from row to row, and where its
// transforms go: from tile to tile, and from each of the sixteen to the next.
struct TileSteps {
  int64_t pixel, row;
  int64_t tile, product;
};

// B^T x B for a row of tiles, as many channels as a vector has.
template <class Tag, class T>
HWY_INLINE void transform_tiles(Tag tag, const T* HWY_RESTRICT x, const TileSteps& steps,
                                int64_t tiles, T* HWY_RESTRICT to) {
  using Vector = hn::Vec<Tag>;
  Vector columns[4][4];
  const auto column = [&](int64_t index, Vector* into) {
    const T* from = x + index * steps.pixel;
    const int64_t row = steps.row;
    transform_four(hn::LoadU(tag, from), hn::LoadU(tag, from + row), hn::LoadU(tag, from + 2 * row),
                   hn::LoadU(tag, from + 3 * row), into);
  };
  column(0, columns[0]);
  column(1, columns[1]);
  for (int64_t tile = 0; tile < tiles; ++tile, to += steps.tile) {
    column(2 * tile + 2, columns[2]);
    column(2 * tile + 3, columns[3]);
    for (int y = 0; y < 4; ++y) {
      Vector values[4];
      transform_four(columns[0][y], columns[1][y], columns[2][y], columns[3][y], values);
      for (int i = 0; i < 4; ++i) hn::StoreU(values[i], tag, to + (4 * y + i) * steps.product);
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
  const TileSteps steps{
      .pixel = plan.section_in, .row = row, .tile = plan.section_in, .product = matrices.step};
  for (int64_t image = 0; image < part.images; ++image, staged += rows * row) {
    for (int64_t first = 0; first + kWinogradTile < rows; first += kWinogradTile) {
      for (int64_t channel = 0; channel < plan.section_in; channel += hn::MaxLanes(StagedTag())) {
        transform_tiles(StagedTag(), staged + first * row + channel, steps, tile_columns,
                        to + channel);
      }
      to += tile_columns * plan.section_in;
    }
  }
}

// A^T times four values.
template <class Vector>
HWY_INLINE void gather_two(const Vector* m, int64_t step, Vector& first, Vector& second) {
  first = hn::Add(hn::Add(m[0], m[step]), m[2 * step]);
  second = hn::Sub(hn::Sub(m[step], m[2 * step]), m[3 * step]);
}

// A^T m A of one tile, as many channels as a vector has; the sixteen are `step` apart.
template <class Tag, class T>
HWY_INLINE void gather_tile(Tag tag, const T* HWY_RESTRICT m, int64_t step,
                            hn::Vec<Tag> (&y)[2][2]) {
  hn::Vec<Tag> products[4][4], halves[2][4];
  for (int i = 0; i < 16; ++i) products[i / 4][i % 4] = hn::LoadU(tag, m + i * step);
  for (int x = 0; x < 4; ++x) gather_two(&products[0][x], 4, halves[0][x], halves[1][x]);
  for (int i = 0; i < 2; ++i) gather_two(halves[i], 1, y[i][0], y[i][1]);
}

// One tile of integers. Outputs beyond the edge are left out.
HWY_INLINE void finish_tile(const int32_t* m, int64_t step, int64_t rows, int64_t columns,
                            int64_t sums_row, int32_t* HWY_RESTRICT sums) {
  const SumTag tag;
  SumVector y[2][2];
  gather_tile(tag, m, step, y);
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
