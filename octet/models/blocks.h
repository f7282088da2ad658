// The parts that the models share: convolution with batch normalization, the classifier at the end.
#pragma once

#include <string>

#include "octet/graph/network.h"
#include "octet/models/model_options.h"

namespace octet::models {

// Throws Error "[model] ..." for an image that is not (N, C, H, W) (with channel_last (N, H, W, C))
// of known extents, for a width that is not positive or a number of classes below 1.
void check_image(const std::string& model, const VariableRef& image, const ModelOptions& options);

// options.stem, or for kAuto the one that suits the image.
bool has_large_stem(const VariableRef& image, const ModelOptions& options);

// The multiple of 8 that is nearest to channels * width, at least 8 and never below 90 % of it
// (Sandler et al. 2018, reference implementation).
int64_t scaled_channels(int64_t channels, double width);

// The number of channels of x.
int64_t channels_of(const VariableRef& x, const ModelOptions& options);

struct ConvolutionSpec {
  int64_t outmaps;
  int64_t kernel = 1;  // odd; padded by half of it
  int64_t stride = 1;
};

// Convolution "<name>/conv" without bias, weights normal by He et al. 2015.
VariableRef convolution(const VariableRef& x, const std::string& name, const ConvolutionSpec& spec,
                        const ModelOptions& options);

// Batch normalization "<name>/bn", by batch statistics unless options.test.
VariableRef batch_norm(const VariableRef& x, const std::string& name, const ModelOptions& options);

// convolution(name) then batch_norm(name + "_bn").
VariableRef conv_bn(const VariableRef& x, const std::string& name, const ConvolutionSpec& spec,
                    const ModelOptions& options);
VariableRef conv_bn_relu(const VariableRef& x, const std::string& name, const ConvolutionSpec& spec,
                         const ModelOptions& options);

// A 3 x 3 depthwise convolution, batch normalization and ReLU: "<name>/depthwise_conv", or, since
// DepthwiseConvolution knows no channel_last, "<name>/conv" with a group per channel.
VariableRef depthwise_bn_relu(const VariableRef& x, const std::string& name, int64_t stride,
                              const ModelOptions& options);

// Global average pooling and "fc/affine": the logits (N, num_classes).
VariableRef classifier(const VariableRef& x, const ModelOptions& options);

}  // namespace octet::models
