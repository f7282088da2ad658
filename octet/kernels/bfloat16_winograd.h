// ConvolutionGradients in bfloat16 for windows of 3 x 3, by tiles of 2 x 2 (winograd_tiles.h): 16
// products for 36.
//
// x, dy and the weights are transformed in float32, and their transforms rounded to bfloat16: sums
// of up to four values, or for weights products of whole numbers and quarters. An element of a
// gradient is a sum of such products, of which some cancel: the roundings of a step of 2^-8 that it
// holds are those of all terms of the tile, some four times as much as those of its own.
#pragma once

#include "octet/kernels/onednn/convolution_gradients.h"

namespace octet::kernels {

// Whether it can compute the layer, and is likely to be the quickest.
bool bfloat16_tiles_pay(const ConvolutionShape& shape,
                        const ConvolutionGradients::Options& options);

// Results do not depend on the number of threads. Only where has_bfloat16().
std::unique_ptr<ConvolutionGradients> make_bfloat16_winograd(
    const ConvolutionShape& shape, const ConvolutionGradients::Options& options);

}  // namespace octet::kernels
