#include "octet/ops/extrema.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/run_operation.h"

namespace octet {
namespace {

at::Tensor indices(const std::vector<int64_t>& values) {
  return at::tensor(values, at::kLong);
}

TEST(Extrema, ValuesAndIndices) {
  const at::Tensor x = doubles({3, 9, -1, 7, 2, 8}).reshape({2, 3});
  EXPECT_TRUE(at::equal(run_one(Max{}, {x}), doubles({9}).reshape({})));
  const OutputTensors both = run_operation(Max{.axes = {1}, .with_index = true}, {x});
  EXPECT_TRUE(at::equal(both.at(0), doubles({9, 8})));
  EXPECT_TRUE(at::equal(both.at(1), indices({1, 2})));
  EXPECT_TRUE(at::equal(run_one(Min{.axes = {0}, .keep_dims = true, .only_index = true}, {x}),
                        indices({0, 1, 0}).reshape({1, 3})));
}

TEST(Extrema, IndexCountsThroughAllReducedDimensions) {
  const at::Tensor x = at::arange(24).to(at::kDouble).reshape({2, 3, 4});
  // For each middle position the largest value is at [1, :, 3]: 1 * 4 + 3.
  EXPECT_TRUE(at::equal(run_one(Max{.axes = {0, 2}, .only_index = true}, {x}), indices({7, 7, 7})));
}

TEST(Extrema, TheLastOfEqualValuesIfAsked) {
  const at::Tensor x = doubles({1, 5, 5, 5, 2, 2, 7, 2}).reshape({2, 4});
  EXPECT_TRUE(
      at::equal(run_one(Max{.axes = {1}, .only_index = true, .last = true}, {x}), indices({3, 2})));
  EXPECT_TRUE(
      at::equal(run_one(Min{.axes = {1}, .only_index = true, .last = true}, {x}), indices({0, 3})));
  EXPECT_TRUE(at::equal(input_gradients(Max{.axes = {1}, .last = true}, {x})[0],
                        doubles({0, 0, 0, 1, 0, 0, 1, 0}).reshape({2, 4})));
}

TEST(Extrema, FirstOfEqualValuesGetsTheWholeGradient) {
  const at::Tensor x = doubles({1, 5, 5, 5, 2, 2, 7, 2}).reshape({2, 4});
  EXPECT_TRUE(at::equal(input_gradients(Max{.axes = {1}}, {x})[0],
                        doubles({0, 1, 0, 0, 0, 0, 1, 0}).reshape({2, 4})));
  EXPECT_TRUE(at::equal(input_gradients(Min{.axes = {1}}, {x})[0],
                        doubles({1, 0, 0, 0, 1, 0, 0, 0}).reshape({2, 4})));
  // Long enough for the vectorized and the threaded paths.
  const at::Tensor same = at::ones({100000}, at::kFloat);
  EXPECT_EQ(run_one(Max{.only_index = true}, {same}).item<int64_t>(), 0);
  EXPECT_EQ(run_one(Min{.only_index = true}, {same}).item<int64_t>(), 0);
}

TEST(Extrema, NotANumberWins) {
  const at::Tensor x = doubles({1, std::nan(""), 3});
  EXPECT_TRUE(run_one(Max{}, {x}).isnan().item<bool>());
  EXPECT_TRUE(run_one(Min{}, {x}).isnan().item<bool>());
}

TEST(Extrema, NameWhatIsWrong) {
  EXPECT_EQ(infer_error(Max{.axes = {1}}, {{2, 0}}), "[Max] axis 1 of (2, 0) is empty");
  EXPECT_EQ(infer_error(Min{.axes = {5}}, {{2, 3}}),
            "[Min] axis 5 is outside of a tensor of 2 dimensions");
}

}  // namespace
}  // namespace octet
