#include "octet/graph/parametric_functions.h"

#include <cmath>

#include "octet/base/error.h"

namespace octet::PF {
namespace {

// One layer while it is made: its name, its network and the inputs collected so far.
class Layer {
 public:
  Layer(const VariableRef& x, const std::string& name, std::string_view kind)
      : network_(x.network()),
        name_(name.empty() ? std::string(kind) : fmt::format("{}/{}", name, kind)),
        inputs_{x} {}

  const std::string& name() const { return name_; }

  void parameter(std::string_view suffix, const Shape& shape, const Initializer& initial,
                 bool need_grad = true) {
    const std::string full = fmt::format("{}/{}", name_, suffix);
    OCTET_CHECK(!shape.has_free_dim(), full,
                "the shape {} is not known: the input has free dimensions", to_string(shape));
    network_.parameters()->get_or_create(full, shape, initial, need_grad);
    inputs_.push_back(network_.parameter(full));
  }

  void input(const VariableRef& x) { inputs_.push_back(x); }

  VariableRef apply(const Attributes& attributes) {
    return network_.apply(attributes, inputs_, name_);
  }

 private:
  Network network_;
  std::string name_;
  std::vector<VariableRef> inputs_;
};

Initializer either(const Initializer& wanted, const Initializer& otherwise) {
  return wanted ? wanted : otherwise;
}

// W and, if asked for, b.
template <class Options>
void weight_and_bias(Layer& layer, const Options& options, const Shape& weight, const Shape& bias,
                     const Initializer& initial) {
  const bool need_grad = !options.fix_parameters;
  layer.parameter("W", weight, either(options.w_init, initial), need_grad);
  if (options.with_bias) {
    layer.parameter("b", bias, either(options.b_init, constant_initializer(0)), need_grad);
  }
}

// The extent of dimension `axis`, which a layer needs to know.
int64_t extent(const Layer& layer, const Shape& x, int64_t axis) {
  OCTET_CHECK(axis >= 0 && axis < x.rank(), layer.name(), "the input {} has no dimension {}",
              to_string(x), axis);
  OCTET_CHECK(x[axis] != kFreeDim, layer.name(), "dimension {} of the input {} must not be free",
              axis, to_string(x));
  return x[axis];
}

// (first, second, kernel...) or, with channel_last, (first, kernel..., second).
Shape weight_shape(int64_t first, int64_t second, const Shape& kernel, bool channel_last) {
  Shape shape{first};
  if (!channel_last) shape.push_back(second);
  shape.insert(shape.end(), kernel.begin(), kernel.end());
  if (channel_last) shape.push_back(second);
  return shape;
}

Shape prepended(int64_t first, const Shape& rest) {
  Shape shape{first};
  shape.insert(shape.end(), rest.begin(), rest.end());
  return shape;
}

void check_group(const Layer& layer, int64_t group, int64_t channels, int64_t outmaps) {
  OCTET_CHECK(group >= 1 && channels % group == 0 && outmaps % group == 0, layer.name(),
              "{} input channels and {} outmaps do not divide into {} groups", channels, outmaps,
              group);
}

// 1 in every dimension but `axes`, where it is as long as x.
Shape along_axes(const Layer& layer, const Shape& x, const IntList& axes) {
  Shape shape(x.size(), 1);
  for (const int64_t axis : axes) {
    const int64_t i = normalize_axis(axis, x.rank(), layer.name());
    shape[i] = extent(layer, x, i);
  }
  return shape;
}

template <class Options>
void beta_and_gamma(Layer& layer, const Options& options, const Shape& shape) {
  const bool need_grad = !options.fix_parameters;
  if (!options.no_bias) layer.parameter("beta", shape, constant_initializer(0), need_grad);
  if (!options.no_scale) layer.parameter("gamma", shape, constant_initializer(1), need_grad);
}

void batch_norm_parameters(Layer& layer, const Shape& x, const BatchNormalizationOptions& options) {
  const Shape shape = along_axes(layer, x, options.axes);
  beta_and_gamma(layer, options, shape);
  layer.parameter("mean", shape, constant_initializer(0), /*need_grad=*/false);
  layer.parameter("var", shape, constant_initializer(1), /*need_grad=*/false);
}

VariableRef fused_batch_norm(const VariableRef& x, const VariableRef* z, const std::string& name,
                             const BatchNormalizationOptions& options) {
  Layer layer(x, name, "bn");
  OCTET_CHECK(!options.no_scale && !options.no_bias, layer.name(),
              "a fused batch normalization has scale and bias; no_scale and no_bias must be false");
  batch_norm_parameters(layer, x.shape(), options);
  if (z != nullptr) layer.input(*z);
  return layer.apply(FusedBatchNormalization{.axes = options.axes,
                                             .decay_rate = options.decay_rate,
                                             .eps = options.eps,
                                             .batch_stat = options.batch_stat});
}

}  // namespace

VariableRef affine(const VariableRef& x, const std::string& name, const Shape& outmaps,
                   const AffineOptions& options) {
  Layer layer(x, name, "affine");
  const Shape& shape = x.shape();
  OCTET_CHECK(options.base_axis >= 0 && options.base_axis < shape.rank(), layer.name(),
              "base_axis {} is outside of the input {}", options.base_axis, to_string(shape));
  const int64_t inputs = shape.num_elements(options.base_axis, shape.rank());
  weight_and_bias(layer, options, prepended(inputs, outmaps), outmaps, glorot_uniform_affine());
  return layer.apply(Affine{.base_axis = options.base_axis});
}

VariableRef affine(const VariableRef& x, const std::string& name, int64_t outmaps,
                   const AffineOptions& options) {
  return affine(x, name, Shape{outmaps}, options);
}

VariableRef convolution(const VariableRef& x, const std::string& name, int64_t outmaps,
                        const Shape& kernel, const ConvolutionOptions& options) {
  Layer layer(x, name, "conv");
  const int64_t axis = options.channel_last ? x.shape().rank() - 1 : options.base_axis;
  const int64_t channels = extent(layer, x.shape(), axis);
  check_group(layer, options.group, channels, outmaps);
  const int64_t taps = kernel.num_elements();
  weight_and_bias(
      layer, options, weight_shape(outmaps, channels / options.group, kernel, options.channel_last),
      {outmaps}, glorot_uniform(taps * channels / options.group, taps * outmaps / options.group));
  return layer.apply(Convolution{.base_axis = options.base_axis,
                                 .pad = options.pad,
                                 .stride = options.stride,
                                 .dilation = options.dilation,
                                 .group = options.group,
                                 .channel_last = options.channel_last});
}

VariableRef depthwise_convolution(const VariableRef& x, const std::string& name,
                                  const Shape& kernel, const DepthwiseConvolutionOptions& options) {
  Layer layer(x, name, "depthwise_conv");
  const int64_t outmaps = extent(layer, x.shape(), options.base_axis) * options.multiplier;
  const int64_t taps = kernel.num_elements();
  weight_and_bias(layer, options, prepended(outmaps, kernel), {outmaps},
                  glorot_uniform(taps, taps * options.multiplier));
  return layer.apply(DepthwiseConvolution{.base_axis = options.base_axis,
                                          .pad = options.pad,
                                          .stride = options.stride,
                                          .dilation = options.dilation,
                                          .multiplier = options.multiplier});
}

VariableRef deconvolution(const VariableRef& x, const std::string& name, int64_t outmaps,
                          const Shape& kernel, const DeconvolutionOptions& options) {
  Layer layer(x, name, "deconv");
  const int64_t axis = options.channel_last ? x.shape().rank() - 1 : options.base_axis;
  const int64_t channels = extent(layer, x.shape(), axis);
  check_group(layer, options.group, channels, outmaps);
  const int64_t taps = kernel.num_elements();
  weight_and_bias(
      layer, options, weight_shape(channels, outmaps / options.group, kernel, options.channel_last),
      {outmaps}, glorot_uniform(taps * channels / options.group, taps * outmaps / options.group));
  return layer.apply(Deconvolution{.base_axis = options.base_axis,
                                   .pad = options.pad,
                                   .stride = options.stride,
                                   .dilation = options.dilation,
                                   .group = options.group,
                                   .channel_last = options.channel_last,
                                   .output_padding = options.output_padding});
}

VariableRef depthwise_deconvolution(const VariableRef& x, const std::string& name,
                                    const Shape& kernel,
                                    const DepthwiseDeconvolutionOptions& options) {
  Layer layer(x, name, "depthwise_deconv");
  const int64_t channels = extent(layer, x.shape(), options.base_axis);
  OCTET_CHECK(options.divisor >= 1 && channels % options.divisor == 0, layer.name(),
              "divisor {} does not divide {} channels", options.divisor, channels);
  const int64_t taps = kernel.num_elements();
  weight_and_bias(layer, options, prepended(channels, kernel), {channels / options.divisor},
                  glorot_uniform(taps * options.divisor, taps));
  return layer.apply(DepthwiseDeconvolution{.base_axis = options.base_axis,
                                            .pad = options.pad,
                                            .stride = options.stride,
                                            .dilation = options.dilation,
                                            .divisor = options.divisor});
}

VariableRef batch_normalization(const VariableRef& x, const std::string& name,
                                const BatchNormalizationOptions& options) {
  Layer layer(x, name, "bn");
  batch_norm_parameters(layer, x.shape(), options);
  return layer.apply(BatchNormalization{.axes = options.axes,
                                        .decay_rate = options.decay_rate,
                                        .eps = options.eps,
                                        .batch_stat = options.batch_stat,
                                        .no_scale = options.no_scale,
                                        .no_bias = options.no_bias});
}

VariableRef fused_batch_normalization(const VariableRef& x, const std::string& name,
                                      const BatchNormalizationOptions& options) {
  return fused_batch_norm(x, nullptr, name, options);
}

VariableRef fused_batch_normalization(const VariableRef& x, const VariableRef& z,
                                      const std::string& name,
                                      const BatchNormalizationOptions& options) {
  return fused_batch_norm(x, &z, name, options);
}

VariableRef layer_normalization(const VariableRef& x, const std::string& name,
                                const NormalizationOptions& options) {
  Layer layer(x, name, "layer_normalization");
  Shape shape = x.shape();
  for (const int64_t axis : options.batch_axis) {
    shape[normalize_axis(axis, shape.rank(), layer.name())] = 1;
  }
  beta_and_gamma(layer, options, shape);
  return layer.apply(LayerNormalization{.batch_axis = options.batch_axis,
                                        .eps = options.eps,
                                        .no_scale = options.no_scale,
                                        .no_bias = options.no_bias});
}

VariableRef instance_normalization(const VariableRef& x, const std::string& name,
                                   const NormalizationOptions& options) {
  Layer layer(x, name, "instance_normalization");
  beta_and_gamma(layer, options, along_axes(layer, x.shape(), {options.channel_axis}));
  return layer.apply(InstanceNormalization{.channel_axis = options.channel_axis,
                                           .batch_axis = options.batch_axis,
                                           .eps = options.eps,
                                           .no_scale = options.no_scale,
                                           .no_bias = options.no_bias});
}

VariableRef group_normalization(const VariableRef& x, const std::string& name, int64_t num_groups,
                                const NormalizationOptions& options) {
  Layer layer(x, name, "group_normalization");
  beta_and_gamma(layer, options, along_axes(layer, x.shape(), {options.channel_axis}));
  return layer.apply(GroupNormalization{.num_groups = num_groups,
                                        .channel_axis = options.channel_axis,
                                        .batch_axis = options.batch_axis,
                                        .eps = options.eps,
                                        .no_scale = options.no_scale,
                                        .no_bias = options.no_bias});
}

VariableRef prelu(const VariableRef& x, const std::string& name, const PReLUOptions& options) {
  Layer layer(x, name, "prelu");
  const Shape shape = options.shared ? Shape() : Shape{extent(layer, x.shape(), options.base_axis)};
  layer.parameter("slope", shape, constant_initializer(options.slope));
  return layer.apply(PReLU{.base_axis = options.base_axis});
}

VariableRef embed(const VariableRef& x, const std::string& name, int64_t num_inputs,
                  int64_t num_features) {
  Layer layer(x, name, "embed");
  const float limit = std::sqrt(3.0F);
  layer.parameter("W", {num_inputs, num_features}, uniform_initializer(-limit, limit));
  return layer.apply(Embed{});
}

VariableRef mean_subtraction(const VariableRef& x, const std::string& name, int64_t base_axis,
                             bool update_running_mean) {
  Layer layer(x, name, "mean_subtraction");
  const Shape& shape = x.shape();
  OCTET_CHECK(base_axis >= 0 && base_axis < shape.rank(), layer.name(),
              "base_axis {} is outside of the input {}", base_axis, to_string(shape));
  layer.parameter("mean", std::vector<int64_t>(shape.begin() + base_axis, shape.end()),
                  constant_initializer(0), /*need_grad=*/false);
  layer.parameter("t", {1}, constant_initializer(0), /*need_grad=*/false);
  return layer.apply(
      MeanSubtraction{.base_axis = base_axis, .update_running_mean = update_running_mean});
}

}  // namespace octet::PF
