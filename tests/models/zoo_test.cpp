#include "octet/models/zoo.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/base/error.h"
#include "octet/models/blocks.h"

namespace octet::models {
namespace {

int64_t trainable_parameters(const ParameterStore& store) {
  int64_t count = 0;
  for (const std::string& name : store.names()) {
    const Parameter& parameter = store.at(name);
    if (parameter.need_grad) count += parameter.value.numel();
  }
  return count;
}

struct Count {
  const char* model;
  int64_t parameters;
};

class ParameterCount : public testing::TestWithParam<Count> {};

// The numbers that the authors' or torchvision's implementations have for ImageNet.
TEST_P(ParameterCount, IsThePublishedOne) {
  Network network;
  const VariableRef y = build_model(GetParam().model, network.input("image", {-1, 3, 224, 224}));
  EXPECT_EQ(y.shape(), Shape({-1, 1000}));
  EXPECT_EQ(trainable_parameters(*network.parameters()), GetParam().parameters);
}

INSTANTIATE_TEST_SUITE_P(
    Zoo, ParameterCount,
    testing::Values(Count{"mobilenet_v1", 4'231'976}, Count{"mobilenet_v2", 3'504'872},
                    Count{"resnet18", 11'689'512}, Count{"resnet34", 21'797'672},
                    Count{"resnet50", 25'557'032}, Count{"resnet101", 44'549'160},
                    Count{"resnet152", 60'192'808}, Count{"densenet121", 7'978'856}),
    [](const auto& test) { return test.param.model; });

// The shape that reaches the global pooling, which is what the stem decides.
Shape last_features(const std::string& model, const Shape& image, const ModelOptions& options) {
  Network network;
  const VariableRef y = build_model(model, network.input("image", image), options);
  EXPECT_EQ(y.shape(), Shape({image[0], options.num_classes}));
  const Graph& graph = network.graph();
  const FunctionId affine = graph.variable(y.id()).producer;
  const VariableId pooled = graph.function(affine).inputs[0];
  return graph.variable(graph.function(graph.variable(pooled).producer).inputs[0]).type.shape;
}

TEST(Zoo, StemsFitTheImage) {
  const ModelOptions narrow{.num_classes = 10, .width = 0.25};
  for (const std::string& model : model_names()) {
    const bool v1 = model == "mobilenet_v1";
    EXPECT_EQ(last_features(model, {2, 3, 224, 224}, narrow)[2], 7) << model;
    EXPECT_EQ(last_features(model, {2, 3, 32, 32}, narrow)[2], v1 ? 2 : 4) << model;
    EXPECT_EQ(last_features(model, {2, 1, 28, 28}, narrow)[2], v1                       ? 2
                                                               : model == "densenet121" ? 3
                                                                                        : 4)
        << model;
  }
  EXPECT_EQ(last_features("resnet18", {2, 3, 32, 32}, {.stem = Stem::kLarge})[2], 1);
  EXPECT_EQ(last_features("resnet18", {2, 3, 64, 64}, {.width = 0.25, .stem = Stem::kSmall})[2], 8);
}

TEST(Zoo, WidthScalesChannels) {
  EXPECT_EQ(scaled_channels(32, 1.0), 32);
  EXPECT_EQ(scaled_channels(32, 0.25), 8);
  EXPECT_EQ(scaled_channels(16, 0.1), 8);
  EXPECT_EQ(scaled_channels(24, 0.75), 24);  // 16 would be less than 90 % of 18
  EXPECT_EQ(scaled_channels(64, 1.5), 96);
  EXPECT_EQ(last_features("mobilenet_v1", {1, 3, 32, 32}, {.width = 0.5})[1], 512);
  EXPECT_EQ(last_features("mobilenet_v2", {1, 3, 32, 32}, {.width = 0.5})[1], 1280);
  EXPECT_EQ(last_features("resnet50", {1, 3, 32, 32}, {.width = 0.25})[1], 512);
}

class EveryModel : public testing::TestWithParam<std::string> {};

TEST_P(EveryModel, GradientsReachEveryParameter) {
  auto store = std::make_shared<ParameterStore>(3);
  Network network(store);
  const VariableRef image = network.input("image", {4, 1, 28, 28});
  const VariableRef y = build_model(GetParam(), image, {.num_classes = 10, .width = 0.125});
  at::manual_seed(1);
  image.d() = at::rand({4, 1, 28, 28});
  y.forward();
  // Batch normalization cancels the sum of its outputs' gradients: weigh the logits unevenly.
  (y.d() * at::rand({4, 10})).sum().backward();
  for (const std::string& name : store->names()) {
    const Parameter& parameter = store->at(name);
    if (!parameter.need_grad) continue;
    const at::Tensor gradient = parameter.value.grad();
    ASSERT_TRUE(gradient.defined()) << name;
    EXPECT_GT(gradient.abs().max().item<double>(), 0) << name;
    EXPECT_TRUE(at::isfinite(gradient).all().item<bool>()) << name;
  }
}

TEST_P(EveryModel, ValidationNetworkSharesAndReadsStatistics) {
  auto store = std::make_shared<ParameterStore>(3);
  Network network(store);
  const ModelOptions options{.num_classes = 10, .width = 0.125};
  build_model(GetParam(), network.input("image", {4, 1, 28, 28}), options);
  const size_t parameters = store->size();
  Network validation(store);
  const VariableRef image = validation.input("image", {1, 1, 28, 28});
  ModelOptions test = options;
  test.test = true;
  const VariableRef y = build_model(GetParam(), image, test);
  EXPECT_EQ(store->size(), parameters);
  // Independent of the batch around an image: nothing is taken over the batch. In double, since
  // convolutions of another batch size may sum in another order.
  for (const std::string& name : store->names()) {
    store->set(name, store->at(name).value.to(at::kDouble), false);
  }
  const at::Tensor images =
      at::cos(at::arange(3 * 28 * 28).to(at::kDouble)).reshape({3, 1, 28, 28});
  image.d() = images.slice(0, 0, 1);
  y.forward({.gradients = false});
  EXPECT_EQ(Shape(y.d().sizes().vec()), Shape({1, 10}));
  const at::Tensor alone = y.d().clone();
  image.d() = images;
  y.forward({.gradients = false});
  const double largest = alone.abs().max().item<double>();
  EXPECT_LE((y.d()[0] - alone[0]).abs().max().item<double>(), 1e-9 * largest);
}

// Values that depend on a weight's position in the (outmaps, inmaps, kernel...) layout alone.
at::Tensor layout_independent(const std::string& name, const at::Tensor& old, bool channel_last) {
  if (old.dim() < 3 || !name.ends_with("/W")) return old.to(at::kDouble);
  const bool depthwise = old.dim() == 3;
  Shape first(old.sizes().vec());
  if (depthwise) first.insert(first.begin() + 1, 1);
  if (channel_last) first = {old.size(0), old.size(3), old.size(1), old.size(2)};
  const at::Tensor values = at::sin(at::arange(old.numel()).to(at::kDouble)).reshape(first) / 4;
  if (depthwise) return values.squeeze(1);
  return channel_last ? values.movedim(1, -1) : values;
}

TEST_P(EveryModel, ChannelLastComputesTheSame) {
  const auto run = [&](bool channel_last) {
    auto store = std::make_shared<ParameterStore>(3);
    Network network(store);
    const Shape shape = channel_last ? Shape{2, 32, 32, 3} : Shape{2, 3, 32, 32};
    const VariableRef image = network.input("image", shape);
    const VariableRef y = build_model(GetParam(), image,
                                      {.test = true,
                                       .num_classes = 10,
                                       .width = 0.125,
                                       .stem = Stem::kLarge,
                                       .channel_last = channel_last});
    // The same weights in both layouts, whatever the initializers drew. In double and with running
    // statistics: those of a few values magnify rounding errors.
    for (const std::string& name : store->names()) {
      store->set(name, layout_independent(name, store->at(name).value, channel_last), true);
    }
    const at::Tensor x =
        at::cos(at::arange(2 * 3 * 32 * 32).to(at::kDouble)).reshape({2, 3, 32, 32});
    image.d() = channel_last ? x.movedim(1, -1).contiguous() : x;
    y.forward({.gradients = false});
    return y.d();
  };
  const at::Tensor first = run(false);
  EXPECT_GT(first.std().item<double>(), 0);
  const double largest = first.abs().max().item<double>();
  EXPECT_LE((run(true) - first).abs().max().item<double>(), 1e-9 * largest);
}

INSTANTIATE_TEST_SUITE_P(Zoo, EveryModel, testing::ValuesIn(model_names()),
                         [](const auto& test) { return test.param; });

TEST(Zoo, SaysWhatIsWrong) {
  Network network;
  const VariableRef image = network.input("image", {1, 3, 32, 32});
  const auto error_of = [&](const std::string& name, const VariableRef& x, ModelOptions options) {
    try {
      build_model(name, x, options);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(error_of("resnet19", image, {}),
            "[resnet19] there is no model of this name; there are mobilenet_v1, mobilenet_v2, "
            "resnet18, resnet34, resnet50, resnet101, resnet152, densenet121");
  EXPECT_FALSE(is_model("resnet19"));
  EXPECT_EQ(error_of("resnet18", network.input("flat", {1, 784}), {}),
            "[resnet18] the image (1, 784) must be (N, C, H, W) with known extents");
  EXPECT_EQ(error_of("mobilenet_v1", image, {.width = 0}),
            "[mobilenet_v1] width 0 must be above 0");
  EXPECT_EQ(error_of("mobilenet_v2", image, {.num_classes = 0}),
            "[mobilenet_v2] num_classes 0 must be at least 1");
}

}  // namespace
}  // namespace octet::models
