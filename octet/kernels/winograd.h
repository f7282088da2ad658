// Convolution with windows of 3 x 3 by tiles of 2 x 2 outputs, in integers and exact.
//
// Winograd's F(2 x 2, 3 x 3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks",
// 2015, section 4.1) takes 16 products for four outputs in place of 36:
//
//   y = A^T [(G w G^T) * (B^T x B)] A      x: 4 x 4, w: 3 x 3, y: 2 x 2, * element by element
//
// G has halves. With 2 G in its place everything is whole, and four times y comes out, which a
// shift turns into y. The transforms of x are sums of four values: at most 4 * 255. Those of
// weights are at most 9 * 128, so both are int16, and two of their products fit int32 like those of
// the layer itself. What is added up beyond that may go around in 32 bits: the result is right as
// long as 4 y is an int32.
#pragma once

#include <cstdint>

#include "octet/kernels/convolution_plan.h"

namespace octet::kernels {

inline constexpr int64_t kWinogradTile = 2;       // outputs of a tile, down and across
inline constexpr int64_t kWinogradProducts = 16;  // of a tile, an input and an output channel

// Of an image with `out` rows or columns of output, what its tiles read.
int64_t winograd_extent(int64_t out);

// Whether tiles compute the layer, and do so quicker than windows would, which multiply int16 or,
// if bytes_instead, mostly bytes.
bool winograd_pays(const ConvolutionShape& shape, bool bytes_instead);

// Sixteen matrices (tile, columns), one behind the other; a little more than their size apart, lest
// all of them begin in the same set of a cache.
struct WinogradMatrices {
  int64_t tiles = 0;
  int64_t columns = 0;
  int64_t step = 0;

  int64_t size() const { return kWinogradProducts * step; }
};

// What x becomes in a part: int16, with a column for each input channel of a section.
WinogradMatrices winograd_transforms(const ConvolutionPlan& plan, int64_t images, int64_t rows);
// What a panel of weights makes of it: int32, with a column for each output channel of the panel.
WinogradMatrices winograd_products(const ConvolutionPlan& plan, int64_t images, int64_t rows);

// weights as in pack_weights.h; `packed` has plan.panel_size elements for the panel:
// (product, pair of input channels, output channel, 2).
template <class Weight>
void pack_winograd_panel(const ConvolutionPlan& plan, const Weight* weights, int64_t panel,
                         int16_t* packed);

extern template void pack_winograd_panel(const ConvolutionPlan&, const int8_t*, int64_t, int16_t*);
extern template void pack_winograd_panel(const ConvolutionPlan&, const float*, int64_t, int16_t*);

}  // namespace octet::kernels
