// DenseNet-BC (Huang et al. 2017, arXiv:1608.06993, table 1): every layer of a block reads the
// concatenation of all before it. Batch normalization and ReLU come before each convolution.
#pragma once

#include "octet/graph/network.h"
#include "octet/models/model_options.h"

namespace octet::models {

// The logits (N, num_classes) of images (N, C, H, W). The large stem is a 7 x 7 convolution with
// stride 2 and a max pooling, the small one a 3 x 3 convolution with stride 1. Throws Error
// "[densenet121] ..." for an image or option that does not fit.
VariableRef densenet121(const VariableRef& image, const ModelOptions& options = {});

}  // namespace octet::models
