#include "octet/ops/logic.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/run_operation.h"

namespace octet {
namespace {

TEST(Logic, TruthTables) {
  const at::Tensor a = doubles({0, 0, -2, 0.5});
  const at::Tensor b = doubles({0, 3, 0, 1});
  EXPECT_TRUE(at::equal(run_one(LogicalAnd{}, {a, b}), doubles({0, 0, 0, 1})));
  EXPECT_TRUE(at::equal(run_one(LogicalOr{}, {a, b}), doubles({0, 1, 1, 1})));
  EXPECT_TRUE(at::equal(run_one(LogicalXor{}, {a, b}), doubles({0, 1, 1, 0})));
  EXPECT_TRUE(at::equal(run_one(LogicalNot{}, {a}), doubles({1, 1, 0, 0})));
}

TEST(Logic, WithAFixedTruthValue) {
  const at::Tensor x = doubles({0, -2});
  EXPECT_TRUE(at::equal(run_one(LogicalAndScalar{.val = true}, {x}), doubles({0, 1})));
  EXPECT_TRUE(at::equal(run_one(LogicalAndScalar{.val = false}, {x}), doubles({0, 0})));
  EXPECT_TRUE(at::equal(run_one(LogicalOrScalar{.val = true}, {x}), doubles({1, 1})));
  EXPECT_TRUE(at::equal(run_one(LogicalOrScalar{.val = false}, {x}), doubles({0, 1})));
  EXPECT_TRUE(at::equal(run_one(LogicalXorScalar{.val = true}, {x}), doubles({1, 0})));
  EXPECT_TRUE(at::equal(run_one(LogicalXorScalar{.val = false}, {x}), doubles({0, 1})));
}

TEST(Logic, BroadcastsAndMixesElementTypes) {
  const at::Tensor mask = at::tensor({1, 0}, at::kByte);
  EXPECT_TRUE(at::equal(run_one(LogicalAnd{}, {mask, doubles({1}).reshape({1, 1})}),
                        at::tensor({1.0F, 0.0F}).reshape({1, 2})));
  EXPECT_EQ(infer_error(LogicalXor{}, {{2}, {3}}),
            "[LogicalXor] shapes (2) and (3) do not broadcast");
}

}  // namespace
}  // namespace octet
