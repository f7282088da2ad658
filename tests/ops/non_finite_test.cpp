#include "octet/ops/non_finite.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/run_operation.h"

namespace octet {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

TEST(NonFinite, IsFoundAndReplaced) {
  const at::Tensor x = doubles({1, kNaN, kInf, -kInf});
  EXPECT_TRUE(at::equal(run_one(IsNaN{}, {x}), doubles({0, 1, 0, 0})));
  EXPECT_TRUE(at::equal(run_one(IsInf{}, {x}), doubles({0, 0, 1, 1})));
  EXPECT_TRUE(at::equal(run_one(ResetNaN{.val = 7}, {x}), doubles({1, 7, kInf, -kInf})));
  const at::Tensor finite = run_one(ResetInf{.val = 7}, {x});
  EXPECT_TRUE(finite[1].isnan().item<bool>());
  EXPECT_TRUE(at::equal(finite.index({at::tensor({0, 2, 3}, at::kLong)}), doubles({1, 7, 7})));
}

TEST(NonFinite, ReplacedValuesGetNoGradient) {
  const at::Tensor x = doubles({1, kNaN, kInf, -kInf});
  EXPECT_TRUE(at::equal(input_gradients(ResetNaN{}, {x})[0], doubles({1, 0, 1, 1})));
  EXPECT_TRUE(at::equal(input_gradients(ResetInf{}, {x})[0], doubles({1, 1, 0, 0})));
}

}  // namespace
}  // namespace octet
