#include "octet/ops/reductions.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/random_tensor.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

at::Tensor two_by_three() {
  return doubles({1, -2, 3, 4, 0, 6}).reshape({2, 3});
}

TEST(Reductions, OfEverythingByDefault) {
  EXPECT_TRUE(at::equal(run_one(Sum{}, {two_by_three()}), doubles({12}).reshape({})));
  EXPECT_TRUE(at::equal(run_one(Mean{}, {two_by_three()}), doubles({2}).reshape({})));
  EXPECT_TRUE(at::equal(run_one(Prod{}, {two_by_three()}), doubles({0}).reshape({})));
  EXPECT_NEAR(run_one(Norm{}, {two_by_three()}).item<double>(), std::sqrt(66.0), 1e-12);
}

TEST(Reductions, AlongAxes) {
  EXPECT_TRUE(at::equal(run_one(Sum{.axes = {0}}, {two_by_three()}), doubles({5, -2, 9})));
  EXPECT_TRUE(at::equal(run_one(Mean{.axes = {-1}, .keep_dims = true}, {two_by_three()}),
                        doubles({2.0 / 3, 10.0 / 3}).reshape({2, 1})));
  EXPECT_TRUE(at::equal(run_one(Prod{.axes = {0}, .keep_dims = true}, {two_by_three()}),
                        doubles({4, 0, 18}).reshape({1, 3})));
  EXPECT_TRUE(at::equal(run_one(Norm{.p = 1, .axes = {1}}, {two_by_three()}), doubles({6, 10})));
}

TEST(Reductions, LogSumExpDoesNotOverflow) {
  const at::Tensor x = doubles({1000, 1000, -1000, -1000}).reshape({2, 2});
  EXPECT_TRUE(at::allclose(run_one(LogSumExp{.axes = {1}}, {x}),
                           doubles({1000 + std::log(2.0), -1000 + std::log(2.0)})));
  EXPECT_EQ(run_error(LogSumExp{}, {at::ones({2}, at::kInt)}),
            "[LogSumExp] needs a float input, got int32");
}

TEST(Reductions, ProductOverTwoOfThreeAxes) {
  const at::Tensor x = at::arange(1, 9).to(at::kDouble).reshape({2, 2, 2});
  EXPECT_TRUE(
      at::equal(run_one(Prod{.axes = {2, 0}}, {x}), doubles({1 * 2 * 5 * 6, 3 * 4 * 7 * 8})));
}

TEST(Reductions, GradientOfAProductWithAZero) {
  EXPECT_TRUE(at::equal(input_gradients(Prod{.axes = {1}}, {two_by_three()})[0],
                        doubles({-6, 3, -2, 0, 24, 0}).reshape({2, 3})));
}

TEST(Reductions, GradientOfAZeroNormIsZero) {
  EXPECT_TRUE(at::equal(input_gradients(Norm{}, {doubles({0, 0})})[0], doubles({0, 0})));
}

TEST(Reductions, SumsOfIntegersStayIntegers) {
  EXPECT_EQ(run_one(Sum{}, {at::ones({3}, at::kInt)}).item<int>(), 3);
}

TEST(Reductions, FreeBatchPassesThrough) {
  EXPECT_EQ(inferred_shape(Sum{.axes = {1}}, {{kFreeDim, 3, 4}}), Shape({kFreeDim, 4}));
  EXPECT_EQ(inferred_shape(Mean{}, {{kFreeDim, 3}}), Shape({}));
}

TEST(Reductions, NameWhatIsWrong) {
  EXPECT_EQ(infer_error(Sum{.axes = {2}}, {{2, 3}}),
            "[Sum] axis 2 is outside of a tensor of 2 dimensions");
  EXPECT_EQ(infer_error(Mean{.axes = {0, -2}}, {{2, 3}}),
            "[Mean] axes [0, -2] name the same axis twice");
  EXPECT_EQ(infer_error(Norm{.p = 0}, {{2, 3}}), "[Norm] p 0 must be above 0");
  EXPECT_EQ(run_error(Mean{}, {at::ones({2}, at::kInt)}), "[Mean] needs a float input, got int32");
  EXPECT_EQ(run_error(Sum{}, {at::ones({2}, at::kBool)}), "[Sum] needs numbers, got bool");
}

}  // namespace
}  // namespace octet
