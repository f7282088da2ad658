#include "octet/ops/clip_grad.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/run_operation.h"

namespace octet {
namespace {

TEST(ClipGradByValue, IsTheIdentityForward) {
  const at::Tensor x = doubles({1, -2, 3});
  EXPECT_TRUE(at::equal(run_one(ClipGradByValue{}, {x, doubles({-1}), doubles({1})}), x));
}

TEST(ClipGradByValue, LimitsTheGradient) {
  const auto gradients =
      input_gradients(ClipGradByValue{}, {doubles({1, 1, 1}), doubles({-1, -1, -9}), doubles({2})},
                      doubles({-5, 5, -5}));
  EXPECT_TRUE(at::equal(gradients[0], doubles({-1, 2, -5})));
  EXPECT_FALSE(gradients[1].defined());
}

TEST(ClipGradByValue, RefusesLimitsThatAreLarger) {
  EXPECT_EQ(infer_error(ClipGradByValue{}, {{1, 3}, {2, 3}, {1}}),
            "[ClipGradByValue] min (2, 3) is larger than x (1, 3)");
}

TEST(ClipGradByNorm, ScalesTheGradientToTheNorm) {
  const at::Tensor x = doubles({1, 2, 3, 4}).reshape({2, 2});
  const at::Tensor dy = doubles({3, 4, 0, 0}).reshape({2, 2});
  EXPECT_TRUE(at::equal(run_one(ClipGradByNorm{}, {x}), x));
  EXPECT_TRUE(at::allclose(input_gradients(ClipGradByNorm{.clip_norm = 10}, {x}, dy)[0],
                           doubles({6, 8, 0, 0}).reshape({2, 2})));
  EXPECT_TRUE(at::allclose(input_gradients(ClipGradByNorm{.axes = {0}}, {x}, dy)[0],
                           doubles({1, 1, 0, 0}).reshape({2, 2})));
  EXPECT_TRUE(at::allclose(input_gradients(ClipGradByNorm{.axes = {-1}}, {x}, dy)[0],
                           doubles({0.6, 0.8, 0, 0}).reshape({2, 2})));
}

TEST(ClipGradByNorm, RefusesBadAttributes) {
  EXPECT_EQ(infer_error(ClipGradByNorm{.clip_norm = 0}, {{2}}),
            "[ClipGradByNorm] clip_norm 0 is not above zero");
  EXPECT_EQ(infer_error(ClipGradByNorm{.axes = {1}}, {{2}}),
            "[ClipGradByNorm] axis 1 is outside of a tensor of 1 dimensions");
}

}  // namespace
}  // namespace octet
