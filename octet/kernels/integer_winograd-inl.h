// integer_winograd.h for a part, in vectors. Included once for each instruction set.
#if defined(OCTET_KERNELS_INTEGER_WINOGRAD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OCTET_KERNELS_INTEGER_WINOGRAD_INL_H
#undef OCTET_KERNELS_INTEGER_WINOGRAD_INL_H
#else
#define OCTET_KERNELS_INTEGER_WINOGRAD_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>

#include "octet/kernels/convolution_tile-inl.h"
#include "octet/kernels/integer_winograd.h"
#include "octet/kernels/winograd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace octet::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using StagedTag = hn::CappedTag<int16_t, 16>;
using SumTag = hn::CappedTag<int32_t, kPanelChannels>;
using SumVector = hn::Vec<SumTag>;

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
