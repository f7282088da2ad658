// ConvolutionGradients in bfloat16.
#pragma once

#include "octet/kernels/onednn/convolution_gradients.h"

namespace octet::kernels {

std::unique_ptr<ConvolutionGradients> make_bfloat16_gradients(
    const ConvolutionShape& shape, const ConvolutionGradients::Options& options);

}  // namespace octet::kernels
