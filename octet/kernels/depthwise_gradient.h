// The gradient of a depthwise convolution's weights in float32, for windows that oneDNN has no
// kernel of its own for (5 x 5, as in EfficientNet and MobileNetV3).
#pragma once

#include "octet/kernels/convolution_shape.h"

namespace octet::kernels {

// x: (batch, channels, in_height, in_width) and dy, both in blocks of eight channels; as many
// groups as channels on either side. dw: (channels, 1, kernel_h, kernel_w); dbias: (channels);
// either may be null. The order of the sums does not depend on the number of threads.
void depthwise_backward_weights(const ConvolutionShape& shape, const float* x, const float* dy,
                                float* dw, float* dbias);

}  // namespace octet::kernels
