#include "octet/ops/concatenate.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/random_tensor.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

TEST(Concatenate, AlongTheLastAxisByDefault) {
  const at::Tensor a = doubles({1, 2, 3, 4}).reshape({2, 2});
  const at::Tensor b = doubles({5, 6}).reshape({2, 1});
  EXPECT_TRUE(
      at::equal(run_one(Concatenate{}, {a, b}), doubles({1, 2, 5, 3, 4, 6}).reshape({2, 3})));
  EXPECT_TRUE(at::equal(run_one(Concatenate{.axis = 0}, {a, a, a}), at::cat({a, a, a})));
  EXPECT_TRUE(at::equal(run_one(Concatenate{}, {a}), a));
}

TEST(Concatenate, FreeExtents) {
  EXPECT_EQ(inferred_shape(Concatenate{.axis = 1}, {{kFreeDim, 2}, {kFreeDim, 3}}),
            Shape({kFreeDim, 5}));
  EXPECT_EQ(inferred_shape(Concatenate{.axis = 0}, {{kFreeDim, 2}, {4, 2}}), Shape({kFreeDim, 2}));
  EXPECT_EQ(inferred_shape(Concatenate{.axis = 1}, {{kFreeDim, 2}, {4, 2}}), Shape({4, 4}));
}

TEST(Concatenate, NamesTheInputThatDoesNotFit) {
  EXPECT_EQ(infer_error(Concatenate{.axis = 1}, {{2, 3}, {2, 5}, {3, 3}}),
            "[Concatenate] input 2 has shape (3, 3), which does not fit input 0, (2, 3)");
  EXPECT_EQ(infer_error(Concatenate{.axis = 2}, {{2, 3}}),
            "[Concatenate] axis 2 is outside of a tensor of 2 dimensions");
  EXPECT_EQ(infer_error(Concatenate{}, {}), "[Concatenate] needs 1 inputs, got 0");
  EXPECT_EQ(run_error(Concatenate{}, {at::ones({2}), at::ones({2}, at::kInt)}),
            "[Concatenate] input 1 is int32, but input 0 is float32");
}

TEST(Stack, AddsADimension) {
  const at::Tensor a = doubles({1, 2});
  const at::Tensor b = doubles({3, 4});
  EXPECT_TRUE(at::equal(run_one(Stack{}, {a, b}), doubles({1, 2, 3, 4}).reshape({2, 2})));
  EXPECT_TRUE(at::equal(run_one(Stack{.axis = -1}, {a, b}), doubles({1, 3, 2, 4}).reshape({2, 2})));
  EXPECT_EQ(inferred_shape(Stack{.axis = 1}, {{kFreeDim, 2}, {kFreeDim, 2}}),
            Shape({kFreeDim, 2, 2}));
}

TEST(Stack, NamesTheInputThatDoesNotFit) {
  EXPECT_EQ(infer_error(Stack{}, {{2, 3}, {2, 5}}),
            "[Stack] input 1 has shape (2, 5), which does not fit input 0, (2, 3)");
  EXPECT_EQ(infer_error(Stack{.axis = 3}, {{2}}),
            "[Stack] axis 3 is outside of a tensor of 2 dimensions");
}

}  // namespace
}  // namespace octet
