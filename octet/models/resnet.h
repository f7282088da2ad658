// ResNet (He et al. 2016, arXiv:1512.03385, table 1) for ImageNet, version 1: ReLU after the
// addition. Blocks of 50 layers and more are bottlenecks with the stride in the 3 x 3 convolution;
// shortcuts that change shape are 1 x 1 convolutions.
#pragma once

#include "octet/graph/network.h"
#include "octet/models/model_options.h"

namespace octet::models {

// The logits (N, num_classes) of images (N, C, H, W). The large stem is a 7 x 7 convolution with
// stride 2 and a max pooling, the small one a 3 x 3 convolution with stride 1. With a width other
// than 1 the channels are multiples of 8. Throw Error "[resnet...] ..." for an image or option that
// does not fit.
VariableRef resnet18(const VariableRef& image, const ModelOptions& options = {});
VariableRef resnet34(const VariableRef& image, const ModelOptions& options = {});
VariableRef resnet50(const VariableRef& image, const ModelOptions& options = {});
VariableRef resnet101(const VariableRef& image, const ModelOptions& options = {});
VariableRef resnet152(const VariableRef& image, const ModelOptions& options = {});

}  // namespace octet::models
