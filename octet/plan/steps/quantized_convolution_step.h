// QuantizedConvolution and QuantizedDepthwiseConvolution of images.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

// False for what it does not cover: other ranks than 2-D, channels last in the attributes, inputs
// that no kernel made.
bool add_quantized_convolution(Builder& builder, FunctionId id);

}  // namespace octet::plan
