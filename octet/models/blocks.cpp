#include "octet/models/blocks.h"

#include <algorithm>

#include "octet/base/error.h"
#include "octet/graph/functions.h"
#include "octet/graph/parametric_functions.h"

namespace octet::models {
namespace {

constexpr int64_t kLargeImage = 64;

int64_t channel_axis(const ModelOptions& options) {
  return options.channel_last ? 3 : 1;
}

int64_t height(const VariableRef& image, const ModelOptions& options) {
  return image.shape()[options.channel_last ? 1 : 2];
}

}  // namespace

void check_image(const std::string& model, const VariableRef& image, const ModelOptions& options) {
  const Shape& shape = image.shape();
  bool known = shape.rank() == 4;
  for (int64_t i = 1; known && i < 4; ++i) known = shape[i] != kFreeDim;
  OCTET_CHECK(known, model, "the image {} must be {} with known extents", to_string(shape),
              options.channel_last ? "(N, H, W, C)" : "(N, C, H, W)");
  OCTET_CHECK(options.width > 0, model, "width {} must be above 0", options.width);
  OCTET_CHECK(options.num_classes >= 1, model, "num_classes {} must be at least 1",
              options.num_classes);
}

bool has_large_stem(const VariableRef& image, const ModelOptions& options) {
  if (options.stem == Stem::kAuto) return height(image, options) >= kLargeImage;
  return options.stem == Stem::kLarge;
}

int64_t scaled_channels(int64_t channels, double width) {
  constexpr int64_t kMultiple = 8;
  const double wanted = static_cast<double>(channels) * width;
  const auto rounded = static_cast<int64_t>(wanted + kMultiple / 2.0) / kMultiple * kMultiple;
  const int64_t result = std::max(kMultiple, rounded);
  return static_cast<double>(result) < 0.9 * wanted ? result + kMultiple : result;
}

int64_t channels_of(const VariableRef& x, const ModelOptions& options) {
  return x.shape()[channel_axis(options)];
}

VariableRef convolution(const VariableRef& x, const std::string& name, const ConvolutionSpec& spec,
                        const ModelOptions& options) {
  const int64_t pad = spec.kernel / 2;
  return PF::convolution(x, name, spec.outmaps, {spec.kernel, spec.kernel},
                         {.pad = {pad, pad},
                          .stride = {spec.stride, spec.stride},
                          .channel_last = options.channel_last,
                          .with_bias = false,
                          .w_init = he_normal(spec.kernel * spec.kernel * spec.outmaps)});
}

VariableRef batch_norm(const VariableRef& x, const std::string& name, const ModelOptions& options) {
  return PF::batch_normalization(x, name,
                                 {.batch_stat = !options.test, .axes = {channel_axis(options)}});
}

VariableRef conv_bn(const VariableRef& x, const std::string& name, const ConvolutionSpec& spec,
                    const ModelOptions& options) {
  return batch_norm(convolution(x, name, spec, options), name + "_bn", options);
}

VariableRef conv_bn_relu(const VariableRef& x, const std::string& name, const ConvolutionSpec& spec,
                         const ModelOptions& options) {
  return F::relu(conv_bn(x, name, spec, options));
}

VariableRef depthwise_bn_relu(const VariableRef& x, const std::string& name, int64_t stride,
                              const ModelOptions& options) {
  constexpr int64_t kKernel = 3;
  const Initializer initial = he_normal(kKernel * kKernel);
  VariableRef h;
  if (options.channel_last) {
    const int64_t channels = channels_of(x, options);
    h = PF::convolution(x, name, channels, {kKernel, kKernel},
                        {.pad = {1, 1},
                         .stride = {stride, stride},
                         .group = channels,
                         .channel_last = true,
                         .with_bias = false,
                         .w_init = initial});
  } else {
    h = PF::depthwise_convolution(
        x, name, {kKernel, kKernel},
        {.pad = {1, 1}, .stride = {stride, stride}, .with_bias = false, .w_init = initial});
  }
  return F::relu(batch_norm(h, name + "_bn", options));
}

VariableRef classifier(const VariableRef& x, const ModelOptions& options) {
  VariableRef pooled;
  if (options.channel_last) {
    pooled = F::average_pooling(x, {.kernel = {x.shape()[1], x.shape()[2]}, .channel_last = true});
  } else {
    pooled = F::global_average_pooling(x);
  }
  return PF::affine(pooled, "fc", options.num_classes);
}

}  // namespace octet::models
