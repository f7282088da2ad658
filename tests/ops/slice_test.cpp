#include "octet/ops/slice.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/random_tensor.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

// range(10)[start:stop:step], as Python gives it.
std::vector<double> sliced(int64_t start, int64_t stop, int64_t step) {
  const at::Tensor x = at::arange(10).to(at::kDouble);
  const at::Tensor y = run_one(Slice{{start}, {stop}, {step}}, {x});
  std::vector<double> values;
  for (int64_t i = 0; i < y.size(0); ++i) values.push_back(y[i].item<double>());
  return values;
}

using Values = std::vector<double>;

TEST(Slice, ForwardsAsPython) {
  EXPECT_EQ(sliced(2, 5, 1), Values({2, 3, 4}));
  EXPECT_EQ(sliced(1, 9, 3), Values({1, 4, 7}));
  EXPECT_EQ(sliced(-3, 10, 1), Values({7, 8, 9}));
  EXPECT_EQ(sliced(0, -7, 2), Values({0, 2}));
  EXPECT_EQ(sliced(-100, 2, 1), Values({0, 1}));
  EXPECT_EQ(sliced(8, 100, 1), Values({8, 9}));
  EXPECT_EQ(sliced(5, 2, 1), Values({}));
  EXPECT_EQ(sliced(3, kSliceEnd, 4), Values({3, 7}));
}

TEST(Slice, BackwardsAsPython) {
  EXPECT_EQ(sliced(5, 2, -1), Values({5, 4, 3}));
  EXPECT_EQ(sliced(-1, -8, -3), Values({9, 6, 3}));
  EXPECT_EQ(sliced(100, 7, -1), Values({9, 8}));
  EXPECT_EQ(sliced(2, -100, -1), Values({2, 1, 0}));
  EXPECT_EQ(sliced(kSliceEnd, kSliceEnd, -4), Values({9, 5, 1}));
  EXPECT_EQ(sliced(2, 5, -1), Values({}));
}

TEST(Slice, ShortListsBelongToTheLastDimensions) {
  const at::Tensor x = at::arange(12).to(at::kDouble).reshape({2, 2, 3});
  EXPECT_TRUE(at::equal(run_one(Slice{{1}, {3}, {1}}, {x}), x.narrow(2, 1, 2)));
  EXPECT_TRUE(at::equal(run_one(Slice{}, {x}), x));
  EXPECT_TRUE(at::equal(run_one(Slice{{0, 1, 2}, {2, 2, -4}, {1, 1, -2}}, {x}),
                        doubles({5, 3, 11, 9}).reshape({2, 1, 2})));
}

TEST(Slice, GradientOfABackwardStep) {
  EXPECT_TRUE(at::equal(
      input_gradients(Slice{{4}, {0}, {-2}}, {doubles({1, 2, 3, 4, 5})}, doubles({10, 20}))[0],
      doubles({0, 0, 20, 0, 10})));
}

TEST(Slice, AFreeDimensionStaysFree) {
  EXPECT_EQ(inferred_shape(Slice{{0, 1}, {kSliceEnd, 3}, {1, 1}}, {{kFreeDim, 4}}),
            Shape({kFreeDim, 2}));
}

TEST(Slice, NamesWhatIsWrong) {
  EXPECT_EQ(infer_error(Slice{{0}, {1, 2}, {1}}, {{3}}),
            "[Slice] start [0], stop [1, 2] and step [1] must be equally long, at most one value "
            "for each dimension of (3)");
  EXPECT_EQ(infer_error(Slice{{0}, {1}, {0}}, {{3}}), "[Slice] step [0] must not be 0");
}

}  // namespace
}  // namespace octet
