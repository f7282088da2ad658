#include "octet/models/densenet.h"

#include <fmt/format.h>

#include "octet/graph/functions.h"
#include "octet/models/blocks.h"

namespace octet::models {
namespace {

constexpr std::array<int64_t, 4> kLayers{6, 12, 24, 16};  // of DenseNet-121
constexpr int64_t kBottleneck = 4;                        // channels before a 3 x 3, in growths

VariableRef bn_relu_conv(const VariableRef& x, const std::string& name, const ConvolutionSpec& spec,
                         const ModelOptions& options) {
  return convolution(F::relu(batch_norm(x, name + "_bn", options)), name, spec, options);
}

VariableRef stem(const VariableRef& image, const ModelOptions& options) {
  const int64_t outmaps = scaled_channels(64, options.width);
  if (!has_large_stem(image, options)) {
    return conv_bn_relu(image, "conv1", {.outmaps = outmaps, .kernel = 3}, options);
  }
  const VariableRef h =
      conv_bn_relu(image, "conv1", {.outmaps = outmaps, .kernel = 7, .stride = 2}, options);
  return F::max_pooling(
      h, {.kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1}, .channel_last = options.channel_last});
}

VariableRef dense_layer(const VariableRef& x, const std::string& name, int64_t growth,
                        const ModelOptions& options) {
  VariableRef h = bn_relu_conv(x, name + "/conv1", {.outmaps = kBottleneck * growth}, options);
  h = bn_relu_conv(h, name + "/conv2", {.outmaps = growth, .kernel = 3}, options);
  return F::concatenate({x, h}, {.axis = options.channel_last ? 3 : 1});
}

// Halves the channels and the resolution.
VariableRef transition(const VariableRef& x, const std::string& name, const ModelOptions& options) {
  const VariableRef h = bn_relu_conv(x, name, {.outmaps = channels_of(x, options) / 2}, options);
  return F::average_pooling(h, {.kernel = {2, 2}, .channel_last = options.channel_last});
}

}  // namespace

VariableRef densenet121(const VariableRef& image, const ModelOptions& options) {
  check_image("densenet121", image, options);
  const int64_t growth = scaled_channels(32, options.width);
  VariableRef h = stem(image, options);
  for (size_t block = 0; block < kLayers.size(); ++block) {
    for (int64_t i = 0; i < kLayers[block]; ++i) {
      h = dense_layer(h, fmt::format("block{}/layer{}", block + 1, i + 1), growth, options);
    }
    if (block + 1 < kLayers.size()) {
      h = transition(h, fmt::format("transition{}", block + 1), options);
    }
  }
  h = F::relu(batch_norm(h, "last_bn", options));
  return classifier(h, options);
}

}  // namespace octet::models
