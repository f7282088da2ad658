#include "octet/ops/tensor_normalization.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/random_tensor.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

TEST(LayerNormalization, AgreesWithATen) {
  const at::Tensor x = random_double({3, 2, 4}, 1);
  const at::Tensor beta = random_double({1, 2, 4}, 2);
  const at::Tensor gamma = random_double({1, 2, 4}, 3);
  const at::Tensor y = run_operation(LayerNormalization{}, {x, beta, gamma})[0];
  EXPECT_TRUE(at::allclose(y, at::layer_norm(x, {2, 4}, gamma[0], beta[0], 1e-5F)));
  EXPECT_LE(gradient_error(LayerNormalization{}, {x, beta, gamma}), 1e-6);
}

TEST(GroupNormalization, AgreesWithATen) {
  const at::Tensor x = random_double({3, 6, 4}, 1);
  const at::Tensor beta = random_double({1, 6, 1}, 2);
  const at::Tensor gamma = random_double({1, 6, 1}, 3);
  const GroupNormalization op{.num_groups = 2};
  const at::Tensor expected = at::group_norm(x, 2, gamma.flatten(), beta.flatten(), 1e-5F);
  EXPECT_TRUE(at::allclose(run_operation(op, {x, beta, gamma})[0], expected));
  EXPECT_LE(gradient_error(op, {x, beta, gamma}), 1e-6);
  const at::Tensor last =
      run_operation(GroupNormalization{.num_groups = 2, .channel_axis = -1},
                    {x.movedim(1, -1), beta.movedim(1, -1), gamma.movedim(1, -1)})[0];
  EXPECT_TRUE(at::allclose(last.movedim(-1, 1), expected));
}

TEST(InstanceNormalization, IsOneGroupPerChannel) {
  const at::Tensor x = random_double({3, 6, 4}, 1);
  const at::Tensor beta = random_double({1, 6, 1}, 2);
  const at::Tensor y = run_operation(InstanceNormalization{.no_scale = true}, {x, beta})[0];
  EXPECT_TRUE(at::allclose(
      y, run_operation(GroupNormalization{.num_groups = 6, .no_scale = true}, {x, beta})[0]));
  EXPECT_LE(gradient_error(InstanceNormalization{.no_scale = true}, {x, beta}), 1e-6);
}

TEST(TensorNormalization, KeepsTheGivenAxes) {
  const at::Tensor x = random_double({3, 2, 4}, 1);
  const at::Tensor gamma = random_double({1, 2, 1}, 2);
  const at::Tensor y = run_operation(TensorNormalization{.no_bias = true}, {x, gamma})[0];
  const at::Tensor bn = run_operation(BatchNormalization{.no_bias = true}, {x, gamma})[0];
  EXPECT_TRUE(at::allclose(y, bn));
  const at::Tensor zero = run_operation(
      TensorNormalization{.axes = {0, 1, 2}, .no_scale = true, .no_bias = true}, {x})[0];
  EXPECT_EQ(zero.abs().max().item<double>(), 0);
}

TEST(TensorNormalization, SaysWhatDoesNotFit) {
  const Shape x{-1, 6, 4};
  EXPECT_EQ(infer_error(TensorNormalization{}, {x, {1, 6, 1}}),
            "[TensorNormalization] needs 3 inputs (x, beta, gamma), got 2");
  EXPECT_EQ(infer_error(LayerNormalization{.no_scale = true}, {x, {1, 5, 4}}),
            "[LayerNormalization] beta (1, 5, 4) does not broadcast to (-1, 6, 4)");
  EXPECT_EQ(infer_error(InstanceNormalization{.no_bias = true}, {x, {1, 1, 6, 4}}),
            "[InstanceNormalization] gamma (1, 1, 6, 4) does not broadcast to (-1, 6, 4)");
  EXPECT_EQ(infer_error(InstanceNormalization{.channel_axis = 0}, {x, x, x}),
            "[InstanceNormalization] axes [0, 0] name the same axis twice");
  EXPECT_EQ(infer_error(GroupNormalization{.num_groups = 4}, {x, x, x}),
            "[GroupNormalization] 6 channels do not divide into 4 groups");
  EXPECT_EQ(infer_error(LayerNormalization{.batch_axis = {3}}, {x, x, x}),
            "[LayerNormalization] axis 3 is outside of a tensor of 3 dimensions");
}

}  // namespace
}  // namespace octet
