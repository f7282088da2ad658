// Integer convolution by tiles (winograd_tiles.h), exact.
//
// G has halves. With 2 G in its place everything is whole, and four times y comes out, which a
// shift turns into y. The transforms of x are sums of four values: at most 4 * 255. Those of
// weights are at most 9 * 128, so both are int16, and two of their products fit int32 like those of
// the layer itself. What is added up beyond that may go around in 32 bits: the result is right as
// long as 4 y is an int32.
#pragma once

#include <cstdint>

#include "octet/kernels/convolution_plan.h"
#include "octet/kernels/winograd_tiles.h"

namespace octet::kernels {

// Whether tiles compute the layer, and do so quicker than windows would.
bool winograd_pays(const ConvolutionShape& shape, Multiplicand of_windows);

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
