// A convolution with windows of 3 x 3, and the gradient of its input, from the tiles' point of
// view.
#pragma once

#include "octet/kernels/convolution_shape.h"
#include "octet/kernels/float_winograd_part.h"
#include "octet/kernels/layout.h"

namespace octet::kernels {

TileLayer forward_layer(const ConvolutionShape& shape, Layout in, Layout out);
// dx is the convolution of dy, padded by what is left of two, with turned windows.
TileLayer backward_layer(const ConvolutionShape& shape, Layout in, Layout out);

// How weights (out_channels, in_channels, 3, 3) are read for them.
WeightOrder forward_order(const ConvolutionShape& shape, const float* w);
WeightOrder backward_order(const ConvolutionShape& shape, const float* w);

// Whether tiles can compute the layer, and are likely to be quicker than windows of the same type.
bool tiles_pay(const ConvolutionShape& shape, Layout in, Layout out);

}  // namespace octet::kernels
