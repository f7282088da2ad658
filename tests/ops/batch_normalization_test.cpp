#include "octet/ops/batch_normalization.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/base/error.h"
#include "tests/support/random_tensor.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

// x, beta, gamma, mean, variance, all double; the running statistics without gradient.
std::vector<at::Tensor> inputs_for(const Shape& x, const Shape& parameters) {
  return {random_double(x, 1), random_double(parameters, 2), random_double(parameters, 3),
          random_double(parameters, 4), random_double(parameters, 5).abs() + 0.5};
}

at::Tensor by_formula(const std::vector<at::Tensor>& in, const at::Tensor& mean,
                      const at::Tensor& variance) {
  return in[2] * (in[0] - mean) / (variance + 1e-5F).sqrt() + in[1];
}

TEST(BatchNormalization, UsesAndUpdatesStatistics) {
  std::vector<at::Tensor> in = inputs_for({3, 2, 4, 5}, {1, 2, 1, 1});
  const at::Tensor old_mean = in[3].clone();
  const at::Tensor old_variance = in[4].clone();
  EXPECT_TRUE(at::allclose(run_operation(BatchNormalization{.batch_stat = false}, in)[0],
                           by_formula(in, old_mean, old_variance)));
  EXPECT_TRUE(at::equal(in[3], old_mean));

  const IntList axes{0, 2, 3};
  const at::Tensor mean = in[0].mean(axes, true);
  const at::Tensor variance = (in[0] - mean).square().mean(axes, true);
  const at::Tensor y = run_operation(BatchNormalization{.decay_rate = 0.75F}, in)[0];
  EXPECT_TRUE(at::allclose(y, by_formula(in, mean, variance)));
  EXPECT_TRUE(at::allclose(in[3], 0.75 * old_mean + 0.25 * mean));
  EXPECT_TRUE(at::allclose(in[4], 0.75 * old_variance + 0.25 * variance * 60 / 59));
}

TEST(BatchNormalization, AnyAxes) {
  std::vector<at::Tensor> in = inputs_for({3, 2, 4, 5}, {1, 2, 1, 5});
  const IntList reduced{0, 2};
  const at::Tensor mean = in[0].mean(reduced, true);
  const at::Tensor variance = (in[0] - mean).square().mean(reduced, true);
  EXPECT_TRUE(at::allclose(run_operation(BatchNormalization{.axes = {1, 3}}, in)[0],
                           by_formula(in, mean, variance)));
  std::vector<at::Tensor> last = inputs_for({3, 4, 5, 2}, {1, 1, 1, 2});
  const at::Tensor y = run_operation(BatchNormalization{.axes = {-1}}, last)[0];
  for (at::Tensor& tensor : last) tensor = tensor.movedim(-1, 1);
  EXPECT_TRUE(at::allclose(y.movedim(-1, 1), run_operation(BatchNormalization{}, last)[0]));
}

TEST(BatchNormalization, WithoutScaleBiasOrRunningStatistics) {
  const std::vector<at::Tensor> in = inputs_for({3, 2, 4}, {1, 2, 1});
  const at::Tensor plain =
      run_operation(BatchNormalization{.no_scale = true, .no_bias = true}, {in[0]})[0];
  EXPECT_NEAR(plain.mean().item<double>(), 0, 1e-12);
  const at::Tensor shifted = run_operation(BatchNormalization{.no_scale = true}, {in[0], in[1]})[0];
  EXPECT_TRUE(at::allclose(shifted, plain + in[1]));
  const at::Tensor scaled = run_operation(BatchNormalization{.batch_stat = false, .no_bias = true},
                                          {in[0], in[2], in[3], in[4]})[0];
  EXPECT_TRUE(at::allclose(scaled, in[2] * (in[0] - in[3]) / (in[4] + 1e-5F).sqrt()));

  const BatchNormalizationInputs found(BatchNormalization{.no_bias = true}, 4);
  EXPECT_EQ(found.beta, -1);
  EXPECT_EQ(found.gamma, 1);
  EXPECT_EQ(found.variance, 3);
}

TEST(BatchNormalization, Gradients) {
  std::vector<at::Tensor> in = inputs_for({4, 3, 2}, {1, 3, 1});
  EXPECT_LE(gradient_error(BatchNormalization{}, {in[0], in[1], in[2]}), 1e-6);
  std::vector<at::Tensor> two = inputs_for({2, 6, 3}, {2, 1, 3});
  EXPECT_LE(gradient_error(BatchNormalization{.axes = {0, 2}}, {two[0], two[1], two[2]}), 1e-6);
}

// With running statistics the operation is an affine map: dx = dy gamma / sqrt(variance + eps). No
// gradient reaches the statistics.
TEST(BatchNormalization, GradientsThroughRunningStatistics) {
  const std::vector<at::Tensor> in = inputs_for({4, 3, 2}, {1, 3, 1});
  const at::Tensor dy = random_double({4, 3, 2}, 6);
  const at::Tensor slope = (in[4] + 1e-5F).rsqrt();
  const std::vector<at::Tensor> gradients =
      input_gradients(BatchNormalization{.batch_stat = false}, in, dy);
  EXPECT_TRUE(at::allclose(gradients[0], dy * in[2] * slope));
  EXPECT_TRUE(at::allclose(gradients[1], dy.sum(IntList{0, 2}, true)));
  EXPECT_TRUE(at::allclose(gradients[2], (dy * (in[0] - in[3]) * slope).sum(IntList{0, 2}, true)));
  EXPECT_FALSE(gradients[3].defined());
  EXPECT_FALSE(gradients[4].defined());
}

TEST(BatchNormalization, SaysWhatDoesNotFit) {
  const Shape x{2, 3, 4, 4};
  const Shape p{1, 3, 1, 1};
  EXPECT_EQ(infer_error(BatchNormalization{}, {x, p, p, p, {3}}),
            "[BatchNormalization] parameter 4 of input (2, 3, 4, 4) is (3), must be (1, 3, 1, 1)");
  EXPECT_EQ(infer_error(BatchNormalization{.no_bias = true}, {x, p, p, p, p}),
            "[BatchNormalization] needs 4 inputs (x, gamma, mean, variance), got 5");
  EXPECT_EQ(infer_error(BatchNormalization{.batch_stat = false}, {x, p, p}),
            "[BatchNormalization] needs 5 inputs (x, beta, gamma, mean, variance), got 3");
  EXPECT_EQ(infer_error(BatchNormalization{.axes = {}}, {x, p, p, p, p}),
            "[BatchNormalization] axes must name at least one dimension");
  EXPECT_EQ(infer_error(BatchNormalization{.axes = {1, -3}}, {x, p, p, p, p}),
            "[BatchNormalization] axes [1, -3] name the same axis twice");
  EXPECT_EQ(infer_error(BatchNormalization{.axes = {0}}, {{-1, 3}, {1, 3}, {1, 3}}),
            "[BatchNormalization] axis 0 of input (-1, 3) must not be free");
}

TEST(BatchNormalization, OneValuePerChannelIsAnError) {
  try {
    run_operation(BatchNormalization{.no_scale = true, .no_bias = true}, {at::ones({1, 3})});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "[test] batch statistics need more than one value per channel; the input is (1, 3)");
  }
}

TEST(FusedBatchNormalization, AddsThenRectifies) {
  std::vector<at::Tensor> in = inputs_for({3, 2, 4}, {1, 2, 1});
  const at::Tensor z = random_double({3, 2, 4}, 6);
  const at::Tensor bn = run_operation(BatchNormalization{.batch_stat = false}, in)[0];
  EXPECT_TRUE(
      at::equal(run_operation(FusedBatchNormalization{.batch_stat = false}, in)[0], at::relu(bn)));
  in.push_back(z);
  EXPECT_TRUE(at::equal(run_operation(FusedBatchNormalization{.batch_stat = false}, in)[0],
                        at::relu(bn + z)));
  const at::Tensor dy = random_double({3, 2, 4}, 7);
  const std::vector<at::Tensor> gradients =
      input_gradients(FusedBatchNormalization{.batch_stat = false}, in, dy);
  EXPECT_TRUE(at::allclose(gradients[5], dy * (bn + z > 0)));
}

TEST(FusedBatchNormalization, SaysWhatDoesNotFit) {
  const Shape x{2, 3, 4};
  const Shape p{1, 3, 1};
  EXPECT_EQ(infer_error(FusedBatchNormalization{.nonlinearity = "elu"}, {x, p, p, p, p}),
            "[FusedBatchNormalization] nonlinearity 'elu' must be 'relu'");
  EXPECT_EQ(infer_error(FusedBatchNormalization{}, {x, p, p, p, p, p}),
            "[FusedBatchNormalization] z (1, 3, 1) must be (2, 3, 4)");
}

}  // namespace
}  // namespace octet
