#include "octet/models/resnet.h"

#include <fmt/format.h>

#include "octet/graph/functions.h"
#include "octet/models/blocks.h"

namespace octet::models {
namespace {

struct Architecture {
  std::string_view name;
  bool bottleneck;
  std::array<int64_t, 4> blocks;  // in each of the four stages
};

constexpr Architecture kResNet18{"resnet18", false, {2, 2, 2, 2}};
constexpr Architecture kResNet34{"resnet34", false, {3, 4, 6, 3}};
constexpr Architecture kResNet50{"resnet50", true, {3, 4, 6, 3}};
constexpr Architecture kResNet101{"resnet101", true, {3, 4, 23, 3}};
constexpr Architecture kResNet152{"resnet152", true, {3, 8, 36, 3}};

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

VariableRef residual_block(const VariableRef& x, const std::string& name, bool bottleneck,
                           int64_t planes, int64_t stride, const ModelOptions& options) {
  const int64_t outmaps = bottleneck ? 4 * planes : planes;
  VariableRef h;
  if (bottleneck) {
    h = conv_bn_relu(x, name + "/conv1", {.outmaps = planes}, options);
    h = conv_bn_relu(h, name + "/conv2", {.outmaps = planes, .kernel = 3, .stride = stride},
                     options);
    h = conv_bn(h, name + "/conv3", {.outmaps = outmaps}, options);
  } else {
    h = conv_bn_relu(x, name + "/conv1", {.outmaps = planes, .kernel = 3, .stride = stride},
                     options);
    h = conv_bn(h, name + "/conv2", {.outmaps = outmaps, .kernel = 3}, options);
  }
  VariableRef shortcut = x;
  if (stride != 1 || channels_of(x, options) != outmaps) {
    shortcut = conv_bn(x, name + "/shortcut", {.outmaps = outmaps, .stride = stride}, options);
  }
  return F::relu(F::add2(h, shortcut));
}

VariableRef resnet(const VariableRef& image, const Architecture& architecture,
                   const ModelOptions& options) {
  check_image(std::string(architecture.name), image, options);
  VariableRef h = stem(image, options);
  for (size_t stage = 0; stage < architecture.blocks.size(); ++stage) {
    const int64_t planes = scaled_channels(int64_t{64} << stage, options.width);
    for (int64_t i = 0; i < architecture.blocks[stage]; ++i) {
      const int64_t stride = i == 0 && stage > 0 ? 2 : 1;
      h = residual_block(h, fmt::format("stage{}/block{}", stage + 1, i + 1),
                         architecture.bottleneck, planes, stride, options);
    }
  }
  return classifier(h, options);
}

}  // namespace

VariableRef resnet18(const VariableRef& image, const ModelOptions& options) {
  return resnet(image, kResNet18, options);
}
VariableRef resnet34(const VariableRef& image, const ModelOptions& options) {
  return resnet(image, kResNet34, options);
}
VariableRef resnet50(const VariableRef& image, const ModelOptions& options) {
  return resnet(image, kResNet50, options);
}
VariableRef resnet101(const VariableRef& image, const ModelOptions& options) {
  return resnet(image, kResNet101, options);
}
VariableRef resnet152(const VariableRef& image, const ModelOptions& options) {
  return resnet(image, kResNet152, options);
}

}  // namespace octet::models
