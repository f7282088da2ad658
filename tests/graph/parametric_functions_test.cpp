#include "octet/graph/parametric_functions.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/base/error.h"

namespace octet {
namespace {

struct Net {
  std::shared_ptr<ParameterStore> store = std::make_shared<ParameterStore>(1);
  Network network{store};

  VariableRef image(const Shape& shape = {2, 4, 8, 8}) { return network.input("x", shape); }

  Shape shape_of(const std::string& name) const {
    return Shape(store->at(name).value.sizes().vec());
  }
};

std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ParametricFunctions, NameParametersAndLayers) {
  Net net;
  const VariableRef y = PF::convolution(net.image(), "conv1", 6, {3, 3}, {.pad = {1, 1}});
  EXPECT_EQ(y.shape(), Shape({2, 6, 8, 8}));
  EXPECT_EQ(net.store->names(), (std::vector<std::string>{"conv1/conv/W", "conv1/conv/b"}));
  EXPECT_EQ(net.shape_of("conv1/conv/W"), Shape({6, 4, 3, 3}));
  const Graph& graph = net.network.graph();
  EXPECT_EQ(graph.function(graph.variable(y.id()).producer).name, "conv1/conv");
  PF::convolution(y, "", 2, {1, 1}, {.with_bias = false});
  EXPECT_EQ(net.store->names().back(), "conv/W");
}

TEST(ParametricFunctions, ConvolutionLayouts) {
  Net net;
  PF::convolution(net.image({2, 8, 8, 4}), "last", 6, {3, 5}, {.group = 2, .channel_last = true});
  EXPECT_EQ(net.shape_of("last/conv/W"), Shape({6, 3, 5, 2}));
  const VariableRef x = net.image();
  PF::depthwise_convolution(x, "dw", {3, 3}, {.multiplier = 2});
  EXPECT_EQ(net.shape_of("dw/depthwise_conv/W"), Shape({8, 3, 3}));
  EXPECT_EQ(net.shape_of("dw/depthwise_conv/b"), Shape({8}));
  PF::deconvolution(x, "up", 6, {2, 2}, {.stride = {2, 2}, .group = 2});
  EXPECT_EQ(net.shape_of("up/deconv/W"), Shape({4, 3, 2, 2}));
  PF::depthwise_deconvolution(x, "dup", {2, 2}, {.divisor = 2});
  EXPECT_EQ(net.shape_of("dup/depthwise_deconv/W"), Shape({4, 2, 2}));
  EXPECT_EQ(net.shape_of("dup/depthwise_deconv/b"), Shape({2}));
  PF::affine(x, "fc", 7);
  EXPECT_EQ(net.shape_of("fc/affine/W"), Shape({256, 7}));
  PF::affine(x, "fc2", {3, 2}, {.base_axis = 2});
  EXPECT_EQ(net.shape_of("fc2/affine/W"), Shape({64, 3, 2}));
  EXPECT_EQ(net.shape_of("fc2/affine/b"), Shape({3, 2}));
}

TEST(ParametricFunctions, NormalizationParameters) {
  Net net;
  const VariableRef x = net.image();
  PF::batch_normalization(x, "bn1", {.batch_stat = false});
  EXPECT_EQ(net.store->names(),
            (std::vector<std::string>{"bn1/bn/beta", "bn1/bn/gamma", "bn1/bn/mean", "bn1/bn/var"}));
  EXPECT_EQ(net.shape_of("bn1/bn/var"), Shape({1, 4, 1, 1}));
  EXPECT_TRUE(net.store->at("bn1/bn/gamma").value.requires_grad());
  EXPECT_FALSE(net.store->at("bn1/bn/mean").need_grad);
  PF::batch_normalization(x, "bn2", {.axes = {3}, .no_bias = true, .fix_parameters = true});
  EXPECT_EQ(net.store->find("bn2/bn/beta"), nullptr);
  EXPECT_EQ(net.shape_of("bn2/bn/gamma"), Shape({1, 1, 1, 8}));
  EXPECT_FALSE(net.store->at("bn2/bn/gamma").need_grad);
  PF::fused_batch_normalization(x, x, "bn1");
  PF::fused_batch_normalization(x, "bn1");
  PF::layer_normalization(x, "ln");
  EXPECT_EQ(net.shape_of("ln/layer_normalization/beta"), Shape({1, 4, 8, 8}));
  PF::instance_normalization(x, "in", {.no_scale = true});
  EXPECT_EQ(net.shape_of("in/instance_normalization/beta"), Shape({1, 4, 1, 1}));
  PF::group_normalization(x, "gn", 2);
  EXPECT_EQ(net.shape_of("gn/group_normalization/gamma"), Shape({1, 4, 1, 1}));
}

TEST(ParametricFunctions, OtherLayers) {
  Net net;
  const VariableRef x = net.image();
  PF::prelu(x, "p");
  PF::prelu(x, "q", {.shared = false, .slope = 0.5F});
  EXPECT_EQ(net.shape_of("p/prelu/slope"), Shape());
  EXPECT_TRUE(at::equal(net.store->at("q/prelu/slope").value, at::full({4}, 0.5F)));
  EXPECT_EQ(PF::embed(net.network.input("i", {2, 5}), "e", 10, 3).shape(), Shape({2, 5, 3}));
  EXPECT_EQ(net.shape_of("e/embed/W"), Shape({10, 3}));
  PF::mean_subtraction(x, "m");
  EXPECT_EQ(net.shape_of("m/mean_subtraction/mean"), Shape({4, 8, 8}));
  EXPECT_FALSE(net.store->at("m/mean_subtraction/t").need_grad);
}

TEST(ParametricFunctions, TwoNetworksShareByName) {
  Net train;
  Network validation(train.store);
  const auto build = [](const VariableRef& x, bool batch_stat) {
    const VariableRef h = PF::convolution(x, "conv1", 3, {3, 3});
    return PF::batch_normalization(h, "bn1", {.batch_stat = batch_stat});
  };
  const VariableRef x = train.image();
  const VariableRef y = build(x, true);
  const at::Tensor before = train.store->at("conv1/conv/W").value;
  const VariableRef vx = validation.input("x", {2, 4, 8, 8});
  const VariableRef v = build(vx, false);
  EXPECT_TRUE(before.is_same(train.store->at("conv1/conv/W").value));
  EXPECT_EQ(train.store->size(), 6u);
  // Training moves the statistics that validation reads.
  x.d() = at::arange(512).to(at::kFloat).reshape({2, 4, 8, 8}) / 512;
  vx.d() = at::ones({2, 4, 8, 8});
  v.forward();
  const at::Tensor first = v.d().clone();
  y.forward();
  v.forward();
  EXPECT_FALSE(at::allclose(first, v.d()));
}

TEST(ParametricFunctions, InitialValues) {
  Net net;
  PF::convolution(net.image({1, 64, 8, 8}), "c", 128, {3, 3}, {.group = 4});
  const at::Tensor w = net.store->at("c/conv/W").value;
  const double limit = std::sqrt(6.0 / (9 * (64 + 128) / 4));
  EXPECT_LE(w.abs().max().item<double>(), limit);
  EXPECT_GE(w.abs().max().item<double>(), 0.99 * limit);
  EXPECT_EQ(net.store->at("c/conv/b").value.abs().max().item<float>(), 0.0F);
  PF::affine(net.image({1, 64}), "a", 64,
             {.w_init = he_normal(8), .b_init = constant_initializer(2)});
  EXPECT_NEAR(net.store->at("a/affine/W").value.std().item<double>(), 0.5, 0.02);
  EXPECT_EQ(net.store->at("a/affine/b").value.min().item<float>(), 2.0F);
}

TEST(ParametricFunctions, SayWhatDoesNotFit) {
  Net net;
  const VariableRef x = net.image();
  PF::convolution(x, "c", 6, {3, 3});
  EXPECT_EQ(error_of([&] {
              PF::convolution(x, "c", 7, {3, 3});
            }),
            "[c/conv/W] the parameter exists with shape (6, 4, 3, 3), not (7, 4, 3, 3)");
  EXPECT_EQ(error_of([&] {
              PF::convolution(x, "g", 6, {3, 3}, {.group = 3});
            }),
            "[g/conv] 4 input channels and 6 outmaps do not divide into 3 groups");
  EXPECT_EQ(error_of([&] {
              PF::convolution(x, "b", 6, {3, 3}, {.base_axis = 4});
            }),
            "[b/conv] the input (2, 4, 8, 8) has no dimension 4");
  EXPECT_EQ(error_of([&] { PF::affine(x, "a", 3, {.base_axis = 4}); }),
            "[a/affine] base_axis 4 is outside of the input (2, 4, 8, 8)");
  EXPECT_EQ(error_of([&] {
              PF::depthwise_deconvolution(x, "d", {2, 2}, {.divisor = 3});
            }),
            "[d/depthwise_deconv] divisor 3 does not divide 4 channels");
  EXPECT_EQ(error_of([&] { PF::fused_batch_normalization(x, "f", {.no_scale = true}); }),
            "[f/bn] a fused batch normalization has scale and bias; no_scale and no_bias must be "
            "false");
  const VariableRef free = net.image({-1, -1, 8, 8});
  EXPECT_EQ(error_of([&] { PF::batch_normalization(free, "n"); }),
            "[n/bn] dimension 1 of the input (-1, -1, 8, 8) must not be free");
  EXPECT_EQ(error_of([&] { PF::affine(free, "h", 3); }),
            "[h/affine/W] the shape (-1, 3) is not known: the input has free dimensions");
  EXPECT_EQ(error_of([&] { PF::mean_subtraction(x, "m", 4); }),
            "[m/mean_subtraction] base_axis 4 is outside of the input (2, 4, 8, 8)");
}

}  // namespace
}  // namespace octet
