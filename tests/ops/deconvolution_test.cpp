// Deconvolution, DepthwiseConvolution and DepthwiseDeconvolution.
#include "octet/ops/deconvolution.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/random_tensor.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

TEST(Deconvolution, SpreadsTheKernel) {
  const at::Tensor x = at::tensor({1.0F, 10.0F}).reshape({1, 1, 2});
  const at::Tensor w = at::tensor({1.0F, 2.0F, 3.0F}).reshape({1, 1, 3});
  const at::Tensor y =
      run_operation(Deconvolution{.stride = {2}, .output_padding = {1}}, {x, w})[0];
  EXPECT_TRUE(at::equal(y.flatten(), at::tensor({1.0F, 2.0F, 13.0F, 20.0F, 30.0F, 0.0F})));
}

TEST(Deconvolution, ChannelLastIsAPermutation) {
  const at::Tensor x = random_double({2, 4, 5, 6}, 1);
  const at::Tensor w = random_double({4, 3, 2, 3}, 2);
  const at::Tensor b = random_double({6}, 3);
  Deconvolution op{.pad = {1, 0}, .stride = {2, 1}, .dilation = {1, 2}, .group = 2};
  const at::Tensor y = run_operation(op, {x, w, b})[0];
  op.channel_last = true;
  const at::Tensor last = run_operation(op, {x.movedim(1, -1), w.movedim(1, -1), b})[0];
  EXPECT_TRUE(at::allclose(last.movedim(-1, 1), y));
}

TEST(Deconvolution, Gradients) {
  EXPECT_LE(gradient_error(Deconvolution{.pad = {1, 0, 1}, .stride = {2, 1, 1}, .group = 2},
                           {random_double({1, 4, 3, 3, 2}, 1), random_double({4, 1, 3, 2, 3}, 2),
                            random_double({2}, 3)}),
            1e-7);
}

TEST(Deconvolution, FreeBatchPasses) {
  EXPECT_EQ(inferred_shape(Deconvolution{.stride = {2, 2}}, {{-1, 3, 4, 4}, {3, 5, 2, 2}}),
            Shape({-1, 5, 8, 8}));
}

TEST(Deconvolution, SaysWhatDoesNotFit) {
  EXPECT_EQ(infer_error(Deconvolution{}, {{1, 3, 4, 4}, {2, 5, 2, 2}}),
            "[Deconvolution] 3 input channels do not fit weight (2, 5, 2, 2) in 1 groups");
  EXPECT_EQ(infer_error(Deconvolution{}, {{1, 3, 4}, {3, 5, 2, 2}}),
            "[Deconvolution] input (1, 3, 4) does not fit weight (3, 5, 2, 2) with base_axis 1");
  EXPECT_EQ(
      infer_error(Deconvolution{}, {{1, 3, 4}, {3, 5}}),
      "[Deconvolution] weight (3, 5) must have 3 to 5 dimensions: (channels, outmaps / group, "
      "kernel...)");
  EXPECT_EQ(infer_error(Deconvolution{}, {{1, 3, 4}, {3, 5, 2}, {4}}),
            "[Deconvolution] bias (4) must be (5)");
  EXPECT_EQ(infer_error(Deconvolution{.output_padding = {1}}, {{1, 3, 4}, {3, 5, 2}}),
            "[Deconvolution] output_padding (1) must be from 0 to below stride or dilation");
  EXPECT_EQ(infer_error(Deconvolution{.output_padding = {0, 0}}, {{1, 3, 4}, {3, 5, 2}}),
            "[Deconvolution] output_padding (0, 0) must have 1 values");
  EXPECT_EQ(infer_error(Deconvolution{.pad = {2}}, {{1, 3, 2}, {3, 5, 2}}),
            "[Deconvolution] a kernel of 2 with pad 2 leaves nothing of an extent of 2");
}

TEST(DepthwiseConvolution, IsAGroupedConvolution) {
  const at::Tensor x = random_double({2, 3, 7, 6}, 1);
  const at::Tensor w = random_double({6, 3, 3}, 2);
  const at::Tensor b = random_double({6}, 3);
  const at::Tensor y = run_operation(
      DepthwiseConvolution{.pad = {1, 1}, .dilation = {2, 1}, .multiplier = 2}, {x, w, b})[0];
  const at::Tensor grouped = run_operation(
      Convolution{.pad = {1, 1}, .dilation = {2, 1}, .group = 3}, {x, w.unsqueeze(1), b})[0];
  EXPECT_TRUE(at::equal(y, grouped));
  EXPECT_LE(gradient_error(DepthwiseConvolution{.base_axis = 2, .stride = {2}, .multiplier = 2},
                           {random_double({2, 2, 3, 7}, 1), random_double({6, 3}, 2)}),
            1e-7);
}

TEST(DepthwiseConvolution, SaysWhatDoesNotFit) {
  EXPECT_EQ(infer_error(DepthwiseConvolution{.multiplier = 2}, {{1, 3, 4}, {3, 3}}),
            "[DepthwiseConvolution] weight (3, 3) must begin with 3 input channels times "
            "multiplier 2");
  EXPECT_EQ(infer_error(DepthwiseConvolution{}, {{1, 3, 4}, {3}}),
            "[DepthwiseConvolution] weight (3) must have 2 to 4 dimensions: (channels * "
            "multiplier, kernel...)");
  EXPECT_EQ(
      infer_error(DepthwiseConvolution{}, {{1, 3, 4, 4}, {3, 3}}),
      "[DepthwiseConvolution] input (1, 3, 4, 4) does not fit weight (3, 3) with base_axis 1");
}

TEST(DepthwiseDeconvolution, SumsNeighbouringChannels) {
  const at::Tensor x = random_double({2, 4, 5}, 1);
  const at::Tensor w = random_double({4, 3}, 2);
  const at::Tensor each = run_operation(DepthwiseDeconvolution{.stride = {2}}, {x, w})[0];
  const at::Tensor summed =
      run_operation(DepthwiseDeconvolution{.stride = {2}, .divisor = 2}, {x, w})[0];
  EXPECT_TRUE(at::allclose(summed, each.unflatten(1, {2, 2}).sum(2)));
  EXPECT_LE(gradient_error(DepthwiseDeconvolution{.pad = {1}, .divisor = 2},
                           {x, w, random_double({2}, 3)}),
            1e-7);
}

TEST(DepthwiseDeconvolution, SaysWhatDoesNotFit) {
  EXPECT_EQ(infer_error(DepthwiseDeconvolution{.divisor = 2}, {{1, 3, 4}, {3, 3}}),
            "[DepthwiseDeconvolution] divisor 2 does not divide 3 channels");
  EXPECT_EQ(infer_error(DepthwiseDeconvolution{}, {{1, 3, 4}, {4, 3}}),
            "[DepthwiseDeconvolution] weight (4, 3) must begin with the 3 input channels");
}

}  // namespace
}  // namespace octet
