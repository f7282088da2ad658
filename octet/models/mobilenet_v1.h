// MobileNetV1 (Howard et al. 2017, arXiv:1704.04861, table 1) with ReLU.
#pragma once

#include "octet/graph/network.h"
#include "octet/models/model_options.h"

namespace octet::models {

// The logits (N, num_classes) of images (N, C, H, W). With a small stem the first convolution has
// stride 1. Channels are multiples of 8. Throws Error "[mobilenet_v1] ..." for an image or option
// that does not fit.
VariableRef mobilenet_v1(const VariableRef& image, const ModelOptions& options = {});

}  // namespace octet::models
