#include "tests/support/random_graph.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <random>

namespace octet {
namespace {

constexpr int64_t kMostChannels = 16;
constexpr int64_t kLargestImage = 16;

class Builder {
 public:
  Builder(uint64_t seed, ParameterStore& parameters, const RandomGraphOptions& options)
      : options_(options),
        parameters_(parameters),
        graph_("random"),
        engine_(seed),
        values_(seed) {}

  Graph build() {
    const Shape shape{options_.batch, 3, options_.image_size, options_.image_size};
    images_.push_back(graph_.add_input("x", {DType::kFloat32, shape, {}}));
    for (int i = 0; i < options_.layers; ++i) add_layer();
    std::vector<VariableId> outputs{head(images_.back())};
    if (chance(3)) outputs.push_back(add(GlobalAveragePooling{}, {any_image()}));
    graph_.set_outputs(outputs);
    return std::move(graph_);
  }

 private:
  using Layer = VariableId (Builder::*)(VariableId);

  // ---- drawing ------------------------------------------------------------------------------
  int64_t below(int64_t count) { return static_cast<int64_t>(engine_() % count); }
  bool chance(int64_t one_in) { return below(one_in) == 0; }
  template <class Values>
  auto one_of(const Values& values) {
    return *(std::begin(values) + below(static_cast<int64_t>(std::size(values))));
  }
  VariableId any_image() { return one_of(images_); }
  // Mostly the last one, so that networks become deep.
  VariableId next_image() { return chance(3) ? any_image() : images_.back(); }

  // ---- parts --------------------------------------------------------------------------------
  const Shape& shape(VariableId id) const { return graph_.variable(id).type.shape; }
  int64_t channels(VariableId id) const { return shape(id)[1]; }
  int64_t extent(VariableId id) const { return std::min(shape(id)[2], shape(id)[3]); }

  VariableId add(const Attributes& attributes, const std::vector<VariableId>& inputs) {
    const std::string name = layer_ + (parts_ > 0 ? fmt::format("_{}", parts_) : std::string());
    ++parts_;
    return graph_.output_of(graph_.add_function(attributes, inputs, name));
  }

  VariableId parameter(const std::string& name, const Shape& shape, double low, double high,
                       bool need_grad = true) {
    const std::string full_name = fmt::format("{}/{}", layer_, name);
    parameters_.set(full_name,
                    at::empty(shape, at::kFloat).uniform_(low, high, values_.generator(at::kCPU)),
                    need_grad);
    return graph_.add_parameter(full_name, {DType::kFloat32, shape, {}});
  }

  // Weights that keep the size of values: `inputs` products in each sum.
  VariableId weight(const Shape& shape, int64_t inputs) {
    const double bound = std::sqrt(3.0 / static_cast<double>(inputs));
    return parameter("W", shape, -bound, bound);
  }

  std::vector<VariableId> with_bias(std::vector<VariableId> inputs, int64_t outmaps) {
    if (chance(2)) inputs.push_back(parameter("b", {outmaps}, -0.5, 0.5));
    return inputs;
  }

  // ---- layers: each takes a value and gives the next ----------------------------------------
  void add_layer() {
    static constexpr std::array kLayers{
        &Builder::convolution,    &Builder::convolution,         &Builder::convolution,
        &Builder::normalization,  &Builder::normalization,       &Builder::activation,
        &Builder::activation,     &Builder::depthwise,           &Builder::deconvolution,
        &Builder::residual,       &Builder::sum_of_two,          &Builder::constant_operand,
        &Builder::concatenation,  &Builder::fused_normalization, &Builder::pooling,
        &Builder::split_and_stack};
    layer_ = fmt::format("layer{}", next_layer_++);
    parts_ = 0;
    const Layer layer = one_of(kLayers);
    images_.push_back((this->*layer)(next_image()));
  }

  struct Convolved {
    Convolution attributes;
    std::vector<VariableId> parameters;
    int64_t channels;
  };

  VariableId convolution(VariableId x) {
    for (const Convolved& earlier : convolutions_) {
      if (earlier.channels != channels(x) || !chance(4)) continue;
      std::vector<VariableId> inputs{x};
      inputs.insert(inputs.end(), earlier.parameters.begin(), earlier.parameters.end());
      return add(earlier.attributes, inputs);
    }
    return convolution_to(x, one_of(std::array<int64_t, 3>{4, 6, 8}), chance(3) ? 2 : 1);
  }

  VariableId convolution_to(VariableId x, int64_t outmaps, int64_t stride) {
    const int64_t kernel = chance(3) ? 1 : 3;
    const int64_t dilation = kernel > 1 && chance(5) ? 2 : 1;
    const int64_t pad = dilation * (kernel / 2);
    const int64_t group = channels(x) % 2 == 0 && chance(3) ? 2 : 1;
    const Convolution attributes{.pad = {pad, pad},
                                 .stride = {stride, stride},
                                 .dilation = {dilation, dilation},
                                 .group = group};
    const int64_t inmaps = channels(x) / group;
    const VariableId w = weight({outmaps, inmaps, kernel, kernel}, inmaps * kernel * kernel);
    const std::vector<VariableId> inputs = with_bias({x, w}, outmaps);
    convolutions_.push_back({attributes, {inputs.begin() + 1, inputs.end()}, channels(x)});
    return add(attributes, inputs);
  }

  VariableId depthwise(VariableId x) {
    const int64_t multiplier = channels(x) <= kMostChannels / 2 && chance(3) ? 2 : 1;
    const int64_t outmaps = channels(x) * multiplier;
    const DepthwiseConvolution attributes{.pad = {1, 1}, .multiplier = multiplier};
    return add(attributes, with_bias({x, weight({outmaps, 3, 3}, 9)}, outmaps));
  }

  VariableId deconvolution(VariableId x) {
    if (extent(x) > kLargestImage / 2) return activation(x);
    const VariableId w = weight({channels(x), 4, 2, 2}, channels(x));
    return add(Deconvolution{.stride = {2, 2}}, with_bias({x, w}, 4));
  }

  std::vector<VariableId> normalization_parameters(const Shape& per_channel) {
    return {parameter("beta", per_channel, -0.5, 0.5), parameter("gamma", per_channel, 0.5, 1.5),
            parameter("mean", per_channel, -0.5, 0.5, /*need_grad=*/false),
            parameter("var", per_channel, 0.5, 1.5, /*need_grad=*/false)};
  }

  VariableId normalized(VariableId x, const Shape& per_channel) {
    std::vector<VariableId> inputs = normalization_parameters(per_channel);
    inputs.insert(inputs.begin(), x);
    return add(BatchNormalization{.batch_stat = options_.batch_statistics}, inputs);
  }

  VariableId normalization(VariableId x) { return normalized(x, {1, channels(x), 1, 1}); }

  VariableId fused_normalization(VariableId x) {
    if (options_.smooth_activations) return normalization(x);
    std::vector<VariableId> inputs = normalization_parameters({1, channels(x), 1, 1});
    inputs.insert(inputs.begin(), x);
    const VariableId z = any_image();
    if (shape(z) == shape(x)) inputs.push_back(z);
    return add(FusedBatchNormalization{.batch_stat = options_.batch_statistics}, inputs);
  }

  VariableId activation(VariableId x) {
    if (options_.smooth_activations) {
      return add(one_of(std::array<Attributes, 3>{Sigmoid{}, Tanh{}, Swish{}}), {x});
    }
    if (chance(6)) return add(PReLU{}, {x, parameter("slope", {channels(x)}, 0.1, 0.5)});
    static const std::vector<Attributes> kActivations{ReLU{},      ReLU{},    ReLU6{}, LeakyReLU{},
                                                      HardSwish{}, Sigmoid{}, Tanh{}};
    return add(one_of(kActivations), {x});
  }

  VariableId residual(VariableId x) {
    const VariableId branch = convolution_to(x, channels(x), /*stride=*/1);
    return add(Add2{}, chance(2) ? std::vector{x, branch} : std::vector{branch, x});
  }

  VariableId sum_of_two(VariableId x) {
    for (const VariableId other : images_) {
      if (other != x && shape(other) == shape(x)) return add(Add2{}, {x, other});
    }
    return residual(x);
  }

  VariableId constant_operand(VariableId x) {
    const VariableId c = parameter("c", {1, channels(x), 1, 1}, 0.5, 1.5);
    if (chance(2)) return add(Mul2{}, {x, c});
    return add(Add2{}, chance(2) ? std::vector{x, c} : std::vector{c, x});
  }

  VariableId concatenation(VariableId x) {
    for (const VariableId other : images_) {
      const bool fits = shape(other)[2] == shape(x)[2] && shape(other)[3] == shape(x)[3];
      if (other == x || !fits || channels(other) + channels(x) > kMostChannels) continue;
      return add(Concatenate{.axis = 1}, {x, other});
    }
    return convolution(x);
  }

  VariableId pooling(VariableId x) {
    if (extent(x) < 4) return activation(x);
    if (!options_.smooth_activations && chance(2)) return add(MaxPooling{.kernel = {2, 2}}, {x});
    return add(AveragePooling{.kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1}}, {x});
  }

  VariableId split_and_stack(VariableId x) {
    const FunctionId split = graph_.add_function(Split{.axis = 1}, {x}, layer_ + "_split");
    const std::vector<VariableId> parts = graph_.function(split).outputs;
    return add(Stack{.axis = 1}, parts);
  }

  // ---- the head -----------------------------------------------------------------------------
  VariableId affine(VariableId x, int64_t outputs) {
    layer_ = fmt::format("affine{}", next_layer_++);
    parts_ = 0;
    const int64_t inputs = shape(x).num_elements(1, shape(x).rank());
    return add(Affine{}, with_bias({x, weight({inputs, outputs}, inputs)}, outputs));
  }

  VariableId head(VariableId x) {
    layer_ = "head";
    parts_ = 0;
    if (chance(2)) x = add(GlobalAveragePooling{}, {x});
    if (chance(2)) {
      x = affine(x, 6);
      if (chance(2)) x = normalized(x, {1, 6});
      x = add(options_.smooth_activations ? Attributes(Tanh{}) : Attributes(ReLU{}), {x});
    }
    return affine(x, 5);
  }

  const RandomGraphOptions options_;
  ParameterStore& parameters_;
  Graph graph_;
  std::mt19937_64 engine_;
  RandomState values_;
  std::vector<VariableId> images_;  // what further layers may read
  std::vector<Convolved> convolutions_;
  std::string layer_;  // the layer that is being made, and how many functions it has so far
  int parts_ = 0;
  int next_layer_ = 0;
};

}  // namespace

Graph random_graph(uint64_t seed, ParameterStore& parameters, const RandomGraphOptions& options) {
  return Builder(seed, parameters, options).build();
}

}  // namespace octet
