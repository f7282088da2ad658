// Convolution and DepthwiseConvolution of images in float32.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

// False for other ranks than 2-D and channels last in the attributes.
bool add_float_convolution(Builder& builder, FunctionId id);

// The layout that convolutions want a value of this many channels in. An image has too few, and
// stays as it comes.
kernels::Layout convolution_layout(int64_t channels);
// Likewise for integers, whose kernels know fewer layouts: that which they have in place of one.
kernels::Layout quantized_layout(int64_t channels);
kernels::Layout quantized_layout(kernels::Layout layout);

}  // namespace octet::plan
