#include "octet/ops/where.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/base/error.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

TEST(Where, ChoosesAndSendsTheGradientToTheChosen) {
  const std::vector<at::Tensor> inputs{doubles({1, 0, -1}), doubles({1, 2, 3}),
                                       doubles({10, 20, 30})};
  EXPECT_TRUE(at::equal(run_one(Where{}, inputs), doubles({1, 20, 3})));
  const auto gradients = input_gradients(Where{}, inputs, doubles({5, 6, 7}));
  EXPECT_FALSE(gradients[0].defined());
  EXPECT_TRUE(at::equal(gradients[1], doubles({5, 0, 7})));
  EXPECT_TRUE(at::equal(gradients[2], doubles({0, 6, 0})));
}

TEST(Where, AConditionOfFewerDimensionsDecidesForWholeRows) {
  const at::Tensor x = doubles({1, 2, 3, 4}).reshape({2, 2});
  EXPECT_TRUE(at::equal(run_one(Where{}, {doubles({1, 0}), x, -x}),
                        doubles({1, 2, -3, -4}).reshape({2, 2})));
  EXPECT_TRUE(at::equal(run_one(Where{.broadcast = true}, {doubles({1, 0}), x, -x}),
                        doubles({1, -2, 3, -4}).reshape({2, 2})));
}

TEST(Where, BroadcastsIfAsked) {
  EXPECT_TRUE(at::equal(run_one(Where{.broadcast = true},
                                {doubles({1, 0}).reshape({2, 1}), doubles({1, 2}), doubles({9})}),
                        doubles({1, 2, 9, 9}).reshape({2, 2})));
}

TEST(Where, PassesAFreeBatchThrough) {
  const VariableType x{DType::kFloat32, {kFreeDim, 3}, {}};
  const std::vector<VariableType> types{x, x, x};
  EXPECT_EQ(infer_types(Where{}, types)[0].shape, x.shape);
}

TEST(Where, RefusesShapesThatDoNotFit) {
  EXPECT_EQ(infer_error(Where{}, {{2}, {2, 3}, {2, 1}}),
            "[Where] x_true (2, 3) and x_false (2, 1) must have the same shape");
  EXPECT_EQ(infer_error(Where{}, {{3}, {2, 3}, {2, 3}}),
            "[Where] condition (3) must have the first dimensions of x_true (2, 3)");
  EXPECT_EQ(infer_error(Where{.broadcast = true}, {{2}, {2, 3}, {2, 3}}),
            "[Where] shapes (2) and (2, 3) do not broadcast");
}

}  // namespace
}  // namespace octet
