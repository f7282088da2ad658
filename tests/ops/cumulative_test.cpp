#include "octet/ops/cumulative.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/run_operation.h"

namespace octet {
namespace {

TEST(Cumulative, Sums) {
  const at::Tensor x = doubles({1, 2, 3, 4});
  EXPECT_TRUE(at::equal(run_one(CumSum{}, {x}), doubles({1, 3, 6, 10})));
  EXPECT_TRUE(at::equal(run_one(CumSum{.exclusive = true}, {x}), doubles({0, 1, 3, 6})));
  EXPECT_TRUE(at::equal(run_one(CumSum{.reverse = true}, {x}), doubles({10, 9, 7, 4})));
  EXPECT_TRUE(
      at::equal(run_one(CumSum{.exclusive = true, .reverse = true}, {x}), doubles({9, 7, 4, 0})));
}

TEST(Cumulative, Products) {
  const at::Tensor x = doubles({1, 2, 3, 4});
  EXPECT_TRUE(at::equal(run_one(CumProd{}, {x}), doubles({1, 2, 6, 24})));
  EXPECT_TRUE(at::equal(run_one(CumProd{.exclusive = true, .reverse = true}, {x}),
                        doubles({24, 12, 4, 1})));
}

TEST(Cumulative, AlongAnInnerAxis) {
  const at::Tensor x = doubles({1, 2, 3, 4}).reshape({2, 2});
  EXPECT_TRUE(at::equal(run_one(CumSum{.axis = -1}, {x}), doubles({1, 3, 3, 7}).reshape({2, 2})));
  EXPECT_TRUE(at::equal(run_one(CumSum{.axis = 0}, {x}), doubles({1, 2, 4, 6}).reshape({2, 2})));
}

TEST(Cumulative, NamesAWrongAxis) {
  EXPECT_EQ(infer_error(CumSum{.axis = 2}, {{2, 3}}),
            "[CumSum] axis 2 is outside of a tensor of 2 dimensions");
}

}  // namespace
}  // namespace octet
