// From the attributes of a convolution to the shape that kernels are built for.
#pragma once

#include <optional>

#include "octet/graph/graph.h"
#include "octet/kernels/convolution_shape.h"

namespace octet::plan {

// Of a Convolution or DepthwiseConvolution, or the quantized form of one, with the extents x
// (N, C, H, W), w and y. Nothing if it is no 2-D convolution in that order of dimensions.
std::optional<kernels::ConvolutionShape> convolution_shape_of(const Attributes& attributes,
                                                              const Shape& x, const Shape& w,
                                                              const Shape& y);

}  // namespace octet::plan
