#include "octet/models/mobilenet_v1.h"

#include <fmt/format.h>

#include "octet/models/blocks.h"

namespace octet::models {
namespace {

struct Separable {
  int64_t outmaps;
  int64_t stride;
};

constexpr std::array kBlocks{
    Separable{64, 1},  Separable{128, 2},  Separable{128, 1}, Separable{256, 2}, Separable{256, 1},
    Separable{512, 2}, Separable{512, 1},  Separable{512, 1}, Separable{512, 1}, Separable{512, 1},
    Separable{512, 1}, Separable{1024, 2}, Separable{1024, 1}};

}  // namespace

VariableRef mobilenet_v1(const VariableRef& image, const ModelOptions& options) {
  check_image("mobilenet_v1", image, options);
  VariableRef h = conv_bn_relu(image, "conv1",
                               {.outmaps = scaled_channels(32, options.width),
                                .kernel = 3,
                                .stride = has_large_stem(image, options) ? 2 : 1},
                               options);
  int index = 1;
  for (const Separable& block : kBlocks) {
    const std::string name = fmt::format("block{}", index++);
    h = depthwise_bn_relu(h, name + "/dw", block.stride, options);
    h = conv_bn_relu(h, name + "/pw", {.outmaps = scaled_channels(block.outmaps, options.width)},
                     options);
  }
  return classifier(h, options);
}

}  // namespace octet::models
