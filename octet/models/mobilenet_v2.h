// MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381, table 2) with ReLU and without dropout.
#pragma once

#include "octet/graph/network.h"
#include "octet/models/model_options.h"

namespace octet::models {

// The logits (N, num_classes) of images (N, C, H, W). With a small stem the first convolution and
// the first group of blocks with stride 2 have stride 1. Channels are multiples of 8; the last
// convolution is not made narrower by a width below 1. Throws Error "[mobilenet_v2] ..." for an
// image or option that does not fit.
VariableRef mobilenet_v2(const VariableRef& image, const ModelOptions& options = {});

}  // namespace octet::models
