// Layers with weights, normalizations, pooling and resizing against the outputs and gradients of
// the reference files.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/operation_runner.h"
#include "tests/support/reference_files.h"

namespace octet {
namespace {

struct Case {
  const char* name;
  Attributes attributes;
  std::vector<std::string> inputs;  // "in_x" or "param_c.conv.W", in the order of the operation
  bool gradients = true;
};

// Sums of up to a thousand products in another order than the reference's.
constexpr double kEps = 64;

class LayersReference : public testing::TestWithParam<Case> {};

TEST_P(LayersReference, OutputsAndGradientsAgree) {
  const Case& test = GetParam();
  if (!reference_present()) GTEST_SKIP() << "no reference files in " << reference_dir();
  const auto file = [&](const std::string& name) {
    return load_npy(reference_dir() / "layers" / test.name / (name + ".npy"));
  };
  std::vector<at::Tensor> inputs;
  for (const std::string& name : test.inputs) {
    inputs.push_back(file(name).set_requires_grad(test.gradients));
  }
  const at::Tensor y = run_op(test.attributes, inputs)[0];
  EXPECT_LE(error_in_eps(y, file("out_y0")), kEps);
  if (!test.gradients) return;
  y.backward(file("gradout_y0"));
  for (size_t i = 0; i < inputs.size(); ++i) {
    const std::string name = "grad_" + test.inputs[i];
    const auto path = reference_dir() / "layers" / test.name / (name + ".npy");
    if (!std::filesystem::exists(path)) continue;
    ASSERT_TRUE(inputs[i].grad().defined()) << name;
    EXPECT_LE(error_in_eps(inputs[i].grad(), load_npy(path)), kEps) << name;
  }
}

const std::vector<std::string> kBatchNorm{"in_x", "param_n.bn.beta", "param_n.bn.gamma",
                                          "param_n.bn.mean", "param_n.bn.var"};

INSTANTIATE_TEST_SUITE_P(
    Cases, LayersReference,
    testing::Values(
        Case{"conv_basic", Convolution{}, {"in_x", "param_c.conv.W", "param_c.conv.b"}},
        Case{
            "conv_3d", Convolution{.pad = {1, 1, 1}}, {"in_x", "param_c.conv.W", "param_c.conv.b"}},
        Case{"depthwise_conv_mult2",
             DepthwiseConvolution{.pad = {1, 1}, .stride = {2, 2}, .multiplier = 2},
             {"in_x", "param_c.depthwise_conv.W", "param_c.depthwise_conv.b"}},
        Case{"deconv_basic", Deconvolution{}, {"in_x", "param_c.deconv.W", "param_c.deconv.b"}},
        Case{"deconv_stride_pad",
             Deconvolution{.pad = {1, 1}, .stride = {2, 2}},
             {"in_x", "param_c.deconv.W", "param_c.deconv.b"}},
        Case{"affine", Affine{}, {"in_x", "param_a.affine.W", "param_a.affine.b"}},
        Case{"affine_multi_out", Affine{}, {"in_x", "param_a.affine.W", "param_a.affine.b"}},
        Case{"batch_matmul", BatchMatmul{}, {"in_a", "in_b"}},
        Case{"embed", Embed{}, {"in_x", "param_e.embed.W"}},
        Case{"act_prelu_shared", PReLU{}, {"in_x", "param_p.prelu.slope"}}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Normalization, LayersReference,
    testing::Values(Case{"bn_inference", BatchNormalization{.batch_stat = false}, kBatchNorm},
                    Case{"bn_training", BatchNormalization{}, kBatchNorm},
                    Case{"fused_bn_add_relu",
                         FusedBatchNormalization{.batch_stat = false},
                         {"in_x", "param_n.bn.beta", "param_n.bn.gamma", "param_n.bn.mean",
                          "param_n.bn.var", "in_z"}},
                    Case{"instance_norm",
                         InstanceNormalization{},
                         {"in_x", "param_n.instance_normalization.beta",
                          "param_n.instance_normalization.gamma"}},
                    Case{"group_norm",
                         GroupNormalization{.num_groups = 2},
                         {"in_x", "param_n.group_normalization.beta",
                          "param_n.group_normalization.gamma"}},
                    Case{"mean_subtraction",
                         MeanSubtraction{},
                         {"in_x", "param_m.mean_subtraction.mean", "param_m.mean_subtraction.t"},
                         /*gradients=*/false}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Resizing, LayersReference,
    testing::Values(
        Case{"maxpool", MaxPooling{.kernel = {2, 2}}, {"in_x"}},
        Case{"avgpool", AveragePooling{.kernel = {2, 2}}, {"in_x"}},
        Case{"avgpool_pad_excl",
             AveragePooling{
                 .kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1}, .including_pad = false},
             {"in_x"}},
        Case{"global_avgpool", GlobalAveragePooling{}, {"in_x"}},
        Case{"unpooling", Unpooling{.kernel = {2, 2}}, {"in_x"}},
        Case{"interpolate_linear_align",
             Interpolate{.output_size = {13, 16}, .align_corners = true},
             {"in_x"}},
        Case{"interpolate_nearest",
             Interpolate{.output_size = {16, 16}, .mode = "nearest"},
             {"in_x"}}),
    [](const auto& test) { return test.param.name; });

// What a forward pass leaves in the running statistics. The reference's gradient of MeanSubtraction
// was taken after a second pass.
TEST(LayersReference, RunningStatistics) {
  if (!reference_present()) GTEST_SKIP() << "no reference files in " << reference_dir();
  const auto layers = reference_dir() / "layers";
  std::vector<at::Tensor> bn;
  for (const std::string& name : kBatchNorm) {
    bn.push_back(load_npy(layers / "bn_training" / (name + ".npy")));
  }
  run_op(BatchNormalization{}, bn);
  const auto after = [&](const char* name) {
    return load_npy(layers / fmt::format("{}.npy", name));
  };
  EXPECT_LE(error_in_eps(bn[3], after("bn_training/after_forward_param_n.bn.mean")), 4);
  EXPECT_LE(error_in_eps(bn[4], after("bn_training/after_forward_param_n.bn.var")), 4);

  const at::Tensor x = after("mean_subtraction/in_x").set_requires_grad(true);
  const at::Tensor mean = after("mean_subtraction/param_m.mean_subtraction.mean");
  const at::Tensor t = after("mean_subtraction/param_m.mean_subtraction.t");
  run_op(MeanSubtraction{}, {x, mean, t});
  EXPECT_LE(
      error_in_eps(mean, after("mean_subtraction/after_forward_param_m.mean_subtraction.mean")), 4);
  EXPECT_EQ(t.item<float>(), 1.0F);
  run_op(MeanSubtraction{}, {x, mean, t})[0].backward(after("mean_subtraction/gradout_y0"));
  EXPECT_LE(error_in_eps(x.grad(), after("mean_subtraction/grad_in_x")), 4);
}

}  // namespace
}  // namespace octet
