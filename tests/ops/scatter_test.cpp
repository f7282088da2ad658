// ScatterElements, ScatterNd, GatherElements and ReverseSequence.
#include "octet/ops/scatter.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/random_tensor.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

at::Tensor indices(const std::vector<int64_t>& values, const Shape& shape) {
  return at::tensor(values, at::kLong).reshape(shape);
}

TEST(GatherElements, ReadsAlongAnAxis) {
  const at::Tensor x = at::arange(1, 10).to(at::kDouble).reshape({3, 3});
  EXPECT_TRUE(at::equal(run_one(GatherElements{}, {x, indices({1, 2, 0, -1, 0, 0}, {2, 3})}),
                        doubles({4, 8, 3, 7, 2, 3}).reshape({2, 3})));
  const at::Tensor twice = indices({0, 0}, {1, 2});
  EXPECT_TRUE(
      at::equal(input_gradients(GatherElements{.axis = -1}, {x, twice})[0][0], doubles({2, 0, 0})));
  EXPECT_EQ(infer_error(GatherElements{.axis = 1}, {{2, 3}, {3, 2}}),
            "[GatherElements] indices (3, 2) do not fit into (2, 3) outside of axis 1");
  EXPECT_EQ(run_error(GatherElements{}, {x, indices({3}, {1, 1})}),
            "[test: GatherElements] index 3 at position 0 is not an integer between -3 and 2");
}

TEST(ScatterElements, ReplacesOrCombines) {
  const at::Tensor x = doubles({1, 2, 3, 4, 5}).reshape({1, 5});
  const at::Tensor updates = doubles({1.5, 6}).reshape({1, 2});
  const auto scattered = [&](const std::string& reduction, const std::vector<int64_t>& where) {
    return run_one(ScatterElements{.axis = 1, .reduction = reduction},
                   {x, indices(where, {1, 2}), updates})
        .flatten();
  };
  EXPECT_TRUE(at::equal(scattered("none", {1, -2}), doubles({1, 1.5, 3, 6, 5})));
  EXPECT_TRUE(at::equal(scattered("add", {1, 1}), doubles({1, 9.5, 3, 4, 5})));
  EXPECT_TRUE(at::equal(scattered("mul", {1, 1}), doubles({1, 18, 3, 4, 5})));
  EXPECT_TRUE(at::equal(scattered("max", {0, 1}), doubles({1.5, 6, 3, 4, 5})));
  EXPECT_TRUE(at::equal(scattered("min", {1, 4}), doubles({1, 1.5, 3, 4, 5})));
  const at::Tensor integers = at::arange(4);
  EXPECT_TRUE(at::equal(run_one(ScatterElements{.reduction = "mul"},
                                {integers, indices({3, 3}, {2}), indices({2, 5}, {2})}),
                        at::tensor({0, 1, 2, 30}, at::kLong)));
}

TEST(ScatterElements, NamesWhatIsWrong) {
  EXPECT_EQ(infer_error(ScatterElements{.reduction = "sum"}, {{2}, {2}, {2}}),
            "[ScatterElements] reduction 'sum' is not one of none, add, mul, max, min");
  EXPECT_EQ(infer_error(ScatterElements{}, {{2, 3}, {1, 4}, {1, 4}}),
            "[ScatterElements] indices (1, 4) do not fit into (2, 3) outside of axis 0");
  EXPECT_EQ(infer_error(ScatterElements{}, {{2, 3}, {1, 3}, {2, 3}}),
            "[ScatterElements] updates (2, 3) must be (1, 3)");
  EXPECT_EQ(run_error(ScatterElements{}, {doubles({1}), indices({0}, {1}), at::ones({1})}),
            "[ScatterElements] cannot write float32 into float64");
}

TEST(ScatterNd, WritesAtCoordinates) {
  const at::Tensor out = at::zeros({2, 3}, at::kDouble);
  // (1, 0) and (0, 2), coordinate by coordinate.
  const at::Tensor where = indices({1, 0, 0, -1}, {2, 2});
  EXPECT_TRUE(at::equal(run_one(ScatterNd{}, {doubles({5, 6}), where, out}),
                        doubles({0, 0, 6, 5, 0, 0}).reshape({2, 3})));
  EXPECT_TRUE(at::equal(run_one(ScatterNd{.shape = {2, 3}}, {doubles({5, 6}), where}),
                        doubles({0, 0, 6, 5, 0, 0}).reshape({2, 3})));
  const at::Tensor rows = doubles({1, 2, 3, 4, 5, 6}).reshape({2, 3});
  const at::Tensor same = indices({1, 1}, {1, 2});
  EXPECT_TRUE(at::equal(run_one(ScatterNd{.add = true}, {rows, same, out})[1], doubles({5, 7, 9})));
  EXPECT_TRUE(at::equal(run_one(ScatterNd{.reduction = "mul"}, {rows, same, out + 1})[1],
                        doubles({4, 10, 18})));
}

TEST(ScatterNd, NamesWhatIsWrong) {
  EXPECT_EQ(infer_error(ScatterNd{}, {{2}, {1, 2}}),
            "[ScatterNd] shape () must say the output's extents, or an input its first values");
  EXPECT_EQ(infer_error(ScatterNd{}, {{2}, {3, 2}, {2, 3}}),
            "[ScatterNd] the first extent of indices (3, 2) must be from 1 to 2 for an output of "
            "(2, 3)");
  EXPECT_EQ(infer_error(ScatterNd{}, {{2, 2}, {1, 2}, {2, 3}}),
            "[ScatterNd] updates (2, 2) must be (2, 3)");
  EXPECT_EQ(run_error(ScatterNd{.shape = {3}}, {doubles({1}), indices({4}, {1, 1})}),
            "[test: ScatterNd] index 4 at position 0 is not an integer between -3 and 2");
}

TEST(ReverseSequence, TurnsAroundTheFirstSteps) {
  const at::Tensor x = at::arange(16).to(at::kDouble).reshape({4, 4});
  const at::Tensor lengths = indices({1, 2, 3, 4}, {4});
  const at::Tensor by_row =
      doubles({0, 1, 2, 3, 5, 4, 6, 7, 10, 9, 8, 11, 15, 14, 13, 12}).reshape({4, 4});
  EXPECT_TRUE(
      at::equal(run_one(ReverseSequence{.batch_axis = 0, .time_axis = 1}, {x, lengths}), by_row));
  EXPECT_TRUE(at::equal(run_one(ReverseSequence{}, {x.t(), lengths}), by_row.t()));
  const at::Tensor deep = random_double({2, 3, 2, 2}, 1);
  const at::Tensor y =
      run_one(ReverseSequence{.batch_axis = 2, .time_axis = 1}, {deep, indices({3, 0}, {2})});
  EXPECT_TRUE(at::equal(y.select(2, 0), deep.select(2, 0).flip(1)));
  EXPECT_TRUE(at::equal(y.select(2, 1), deep.select(2, 1)));
}

TEST(ReverseSequence, NamesWhatIsWrong) {
  EXPECT_EQ(infer_error(ReverseSequence{.time_axis = 1}, {{2, 3}, {3}}),
            "[ReverseSequence] batch_axis 1 and time_axis 1 must differ");
  EXPECT_EQ(infer_error(ReverseSequence{}, {{2, 3}, {2}}),
            "[ReverseSequence] lengths (2) must be one for each of the sequences on axis 1 of "
            "(2, 3)");
  EXPECT_EQ(run_error(ReverseSequence{}, {at::ones({2, 2}), indices({1, 3}, {2})}),
            "[test: ReverseSequence] length 3 at position 1 is not an integer between 0 and 2");
}

}  // namespace
}  // namespace octet
