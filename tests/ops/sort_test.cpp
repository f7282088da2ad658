#include "octet/ops/sort.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/ops/top_k_data.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

at::Tensor indices(const std::vector<int64_t>& values) {
  return at::tensor(values, at::kLong);
}

TEST(Sort, BothDirectionsWithIndices) {
  const at::Tensor x = doubles({3, 1, 2, 1});
  const OutputTensors up = run_operation(Sort{.with_index = true}, {x});
  EXPECT_TRUE(at::equal(up.at(0), doubles({1, 1, 2, 3})));
  EXPECT_TRUE(at::equal(up.at(1), indices({1, 3, 2, 0})));
  const OutputTensors down = run_operation(Sort{.reverse = true, .only_index = true}, {x});
  ASSERT_EQ(down.size(), 1u);
  EXPECT_TRUE(at::equal(down.at(0), indices({0, 2, 1, 3})));
}

TEST(Sort, GradientGoesBackToWhereTheValueCameFrom) {
  EXPECT_TRUE(at::equal(input_gradients(Sort{}, {doubles({3, 1, 2})}, doubles({10, 20, 30}))[0],
                        doubles({30, 10, 20})));
}

TEST(Sort, NamesAWrongAxis) {
  EXPECT_EQ(infer_error(Sort{.axis = 1}, {{3}}),
            "[Sort] axis 1 is outside of a tensor of 1 dimensions");
}

TEST(TopKData, TakesTheLargestOfEachSample) {
  const at::Tensor x = doubles({1, -9, 3, 2, 5, 4, 4, 0}).reshape({2, 2, 2});
  const OutputTensors top = run_operation(TopKData{.k = 2, .with_index = true}, {x});
  EXPECT_TRUE(at::equal(top.at(0), doubles({3, 2, 5, 4}).reshape({2, 2})));
  EXPECT_TRUE(at::equal(top.at(1), indices({2, 3, 0, 1}).reshape({2, 2})));
}

TEST(TopKData, ByMagnitudeInPlace) {
  const at::Tensor x = doubles({1, -9, 3, 2, 5, 4, 4, 0}).reshape({2, 4});
  EXPECT_TRUE(at::equal(run_one(TopKData{.k = 1, .abs = true, .reduce = false}, {x}),
                        doubles({0, -9, 0, 0, 5, 0, 0, 0}).reshape({2, 4})));
}

TEST(TopKData, TakesTheSmallest) {
  const at::Tensor x = doubles({4, 2, 3, 1});
  EXPECT_TRUE(
      at::equal(run_one(TopKData{.k = 2, .base_axis = 0, .largest = false}, {x}), doubles({1, 2})));
}

TEST(TopKData, OnlySelectedValuesGetAGradient) {
  const at::Tensor x = doubles({4, 2, 4, 1}).reshape({1, 4});
  EXPECT_TRUE(
      at::equal(input_gradients(TopKData{.k = 1}, {x})[0], doubles({1, 0, 0, 0}).reshape({1, 4})));
  EXPECT_TRUE(at::equal(input_gradients(TopKData{.k = 1, .reduce = false}, {x})[0],
                        doubles({1, 0, 0, 0}).reshape({1, 4})));
}

TEST(TopKData, NamesAWrongK) {
  EXPECT_EQ(infer_error(TopKData{.k = 5}, {{2, 4}}),
            "[TopKData] k 5 must be between 1 and the 4 values of a sample of (2, 4) "
            "(base_axis 1)");
  EXPECT_EQ(infer_error(TopKData{.k = 0}, {{2, 4}}),
            "[TopKData] k 0 must be between 1 and the 4 values of a sample of (2, 4) "
            "(base_axis 1)");
}

}  // namespace
}  // namespace octet
