// Layers with weights, normalizations, pooling and resizing against the outputs and gradients of
// the reference files.
#include <ATen/ATen.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/layer_case.h"
#include "tests/support/reference_files.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

// Sums of up to a thousand products in another order than the reference's.
constexpr double kEps = 64;

class LayersReference : public testing::TestWithParam<LayerCase> {};

TEST_P(LayersReference, OutputsAndGradientsAgree) {
  if (!reference_present()) GTEST_SKIP() << "no reference files in " << reference_dir();
  LayerCase layer_case = GetParam();
  layer_case.eps = kEps;
  expect_layer_case(layer_case);
}

LayerCase layer(const std::string& name, const Attributes& attributes,
                const std::vector<std::string>& inputs) {
  return {.name = name, .attributes = attributes, .inputs = inputs};
}

const std::vector<std::string> kBatchNorm{"in_x", "param_n.bn.beta", "param_n.bn.gamma",
                                          "param_n.bn.mean", "param_n.bn.var"};

INSTANTIATE_TEST_SUITE_P(
    Cases, LayersReference,
    testing::Values(
        layer("conv_basic", Convolution{}, {"in_x", "param_c.conv.W", "param_c.conv.b"}),
        layer("conv_3d", Convolution{.pad = {1, 1, 1}},
              {"in_x", "param_c.conv.W", "param_c.conv.b"}),
        layer("depthwise_conv_mult2",
              DepthwiseConvolution{.pad = {1, 1}, .stride = {2, 2}, .multiplier = 2},
              {"in_x", "param_c.depthwise_conv.W", "param_c.depthwise_conv.b"}),
        layer("deconv_basic", Deconvolution{}, {"in_x", "param_c.deconv.W", "param_c.deconv.b"}),
        layer("deconv_stride_pad", Deconvolution{.pad = {1, 1}, .stride = {2, 2}},
              {"in_x", "param_c.deconv.W", "param_c.deconv.b"}),
        layer("affine", Affine{}, {"in_x", "param_a.affine.W", "param_a.affine.b"}),
        layer("affine_multi_out", Affine{}, {"in_x", "param_a.affine.W", "param_a.affine.b"}),
        layer("batch_matmul", BatchMatmul{}, {"in_a", "in_b"}),
        layer("embed", Embed{}, {"in_x", "param_e.embed.W"}),
        layer("act_prelu_shared", PReLU{}, {"in_x", "param_p.prelu.slope"})),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Normalization, LayersReference,
    testing::Values(
        layer("bn_inference", BatchNormalization{.batch_stat = false}, kBatchNorm),
        layer("bn_training", BatchNormalization{}, kBatchNorm),
        layer("fused_bn_add_relu", FusedBatchNormalization{.batch_stat = false},
              {"in_x", "param_n.bn.beta", "param_n.bn.gamma", "param_n.bn.mean", "param_n.bn.var",
               "in_z"}),
        layer("instance_norm", InstanceNormalization{},
              {"in_x", "param_n.instance_normalization.beta",
               "param_n.instance_normalization.gamma"}),
        layer("group_norm", GroupNormalization{.num_groups = 2},
              {"in_x", "param_n.group_normalization.beta", "param_n.group_normalization.gamma"}),
        LayerCase{.name = "mean_subtraction",
                  .attributes = MeanSubtraction{},
                  .inputs = {"in_x", "param_m.mean_subtraction.mean", "param_m.mean_subtraction.t"},
                  .gradients = false}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Resizing, LayersReference,
    testing::Values(
        layer("maxpool", MaxPooling{.kernel = {2, 2}}, {"in_x"}),
        layer("avgpool", AveragePooling{.kernel = {2, 2}}, {"in_x"}),
        layer("avgpool_pad_excl",
              AveragePooling{
                  .kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1}, .including_pad = false},
              {"in_x"}),
        layer("global_avgpool", GlobalAveragePooling{}, {"in_x"}),
        layer("unpooling", Unpooling{.kernel = {2, 2}}, {"in_x"}),
        layer("interpolate_linear_align",
              Interpolate{.output_size = {13, 16}, .align_corners = true}, {"in_x"}),
        layer("interpolate_nearest", Interpolate{.output_size = {16, 16}, .mode = "nearest"},
              {"in_x"})),
    [](const auto& test) { return test.param.name; });

void expect_close(const at::Tensor& actual, const at::Tensor& expected) {
  EXPECT_TRUE(at::allclose(actual, expected, /*rtol=*/1e-6, /*atol=*/1e-6));
}

// What a forward pass leaves in the running statistics. The reference's gradient of MeanSubtraction
// was taken after a second pass.
TEST(RunningStatistics, AreThoseOfTheReference) {
  if (!reference_present()) GTEST_SKIP() << "no reference files in " << reference_dir();
  const auto layers = reference_dir() / "layers";
  std::vector<at::Tensor> bn;
  for (const std::string& name : kBatchNorm) {
    bn.push_back(load_npy(layers / "bn_training" / (name + ".npy")));
  }
  run_operation(BatchNormalization{}, bn);
  const auto after = [&](const char* name) {
    return load_npy(layers / fmt::format("{}.npy", name));
  };
  expect_close(bn[3], after("bn_training/after_forward_param_n.bn.mean"));
  expect_close(bn[4], after("bn_training/after_forward_param_n.bn.var"));

  const at::Tensor x = after("mean_subtraction/in_x").set_requires_grad(true);
  const at::Tensor mean = after("mean_subtraction/param_m.mean_subtraction.mean");
  const at::Tensor t = after("mean_subtraction/param_m.mean_subtraction.t");
  run_operation(MeanSubtraction{}, {x, mean, t});
  expect_close(mean, after("mean_subtraction/after_forward_param_m.mean_subtraction.mean"));
  EXPECT_EQ(t.item<float>(), 1.0F);
  run_operation(MeanSubtraction{}, {x, mean, t})[0].backward(after("mean_subtraction/gradout_y0"));
  expect_close(x.grad(), after("mean_subtraction/grad_in_x"));
}

}  // namespace
}  // namespace octet
