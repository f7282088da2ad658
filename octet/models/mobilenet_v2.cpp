#include "octet/models/mobilenet_v2.h"

#include <fmt/format.h>

#include <algorithm>

#include "octet/graph/functions.h"
#include "octet/models/blocks.h"

namespace octet::models {
namespace {

// A row of table 2: t, c, n, s.
struct Group {
  int64_t expansion;
  int64_t outmaps;
  int64_t repeat;
  int64_t stride;        // of the first block
  int64_t small_stride;  // likewise, for small images
};

constexpr std::array kGroups{Group{1, 16, 1, 1, 1}, Group{6, 24, 2, 2, 1}, Group{6, 32, 3, 2, 2},
                             Group{6, 64, 4, 2, 2}, Group{6, 96, 3, 1, 1}, Group{6, 160, 3, 2, 2},
                             Group{6, 320, 1, 1, 1}};

// Inverted residual with linear bottleneck; the shortcut exists where the shape stays.
VariableRef inverted_residual(const VariableRef& x, const std::string& name, int64_t expansion,
                              int64_t outmaps, int64_t stride, const ModelOptions& options) {
  const int64_t inmaps = channels_of(x, options);
  VariableRef h = x;
  if (expansion != 1) {
    h = conv_bn_relu(h, name + "/expand", {.outmaps = inmaps * expansion}, options);
  }
  h = depthwise_bn_relu(h, name + "/dw", stride, options);
  h = conv_bn(h, name + "/project", {.outmaps = outmaps}, options);
  return stride == 1 && inmaps == outmaps ? F::add2(h, x) : h;
}

}  // namespace

VariableRef mobilenet_v2(const VariableRef& image, const ModelOptions& options) {
  check_image("mobilenet_v2", image, options);
  const bool large = has_large_stem(image, options);
  VariableRef h = conv_bn_relu(
      image, "conv1",
      {.outmaps = scaled_channels(32, options.width), .kernel = 3, .stride = large ? 2 : 1},
      options);
  int index = 1;
  for (const Group& group : kGroups) {
    for (int64_t i = 0; i < group.repeat; ++i) {
      const int64_t first_stride = large ? group.stride : group.small_stride;
      h = inverted_residual(h, fmt::format("block{}", index++), group.expansion,
                            scaled_channels(group.outmaps, options.width),
                            i == 0 ? first_stride : 1, options);
    }
  }
  h = conv_bn_relu(h, "conv_last", {.outmaps = scaled_channels(1280, std::max(1.0, options.width))},
                   options);
  return classifier(h, options);
}

}  // namespace octet::models
