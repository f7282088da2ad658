#include "octet/ops/dropout.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/run_operation.h"

namespace octet {
namespace {

TEST(Dropout, DropsAShareAndScalesTheRest) {
  const at::Tensor x = at::full({100, 100}, 3.0);
  const at::Tensor y = run_operation(Dropout{.p = 0.25}, {x}, /*seed=*/3)[0];
  const at::Tensor kept = y.ne(0);
  EXPECT_TRUE(at::equal(y, kept * at::full({}, 4.0F)));
  // 10000 draws: the share of kept elements has a standard deviation of 0.0043.
  EXPECT_NEAR(kept.to(at::kFloat).mean().item<double>(), 0.75, 0.02);
}

TEST(Dropout, TheGradientPassesTheSameMask) {
  const at::Tensor x = at::ones({64}).requires_grad_();
  const at::Tensor y = run_one(Dropout{}, {x});
  y.sum().backward();
  EXPECT_TRUE(at::equal(x.grad(), y.detach()));
}

TEST(Dropout, DrawsFromTheRunsRandomState) {
  const at::Tensor x = at::ones({64});
  const auto draw = [&](const Dropout& op, uint64_t seed) {
    return run_operation(op, {x}, seed)[0];
  };
  EXPECT_TRUE(at::equal(draw({}, 1), draw({}, 1)));
  EXPECT_FALSE(at::equal(draw({}, 1), draw({}, 2)));
}

TEST(Dropout, ItsOwnSeedGivesTheSameMaskInEveryRun) {
  const at::Tensor x = at::ones({64});
  const auto draw = [&](int64_t own_seed, uint64_t seed) {
    return run_operation(Dropout{.seed = own_seed}, {x}, seed)[0];
  };
  EXPECT_TRUE(at::equal(draw(7, 1), draw(7, 2)));
  EXPECT_FALSE(at::equal(draw(7, 1), draw(8, 1)));
}

TEST(Dropout, RefusesAProbabilityOutOfRange) {
  EXPECT_EQ(infer_error(Dropout{.p = 1}, {{2}}), "[Dropout] p 1 is not within [0, 1)");
  EXPECT_EQ(infer_error(Dropout{.p = -0.5}, {{2}}), "[Dropout] p -0.5 is not within [0, 1)");
  EXPECT_EQ(infer_error(Dropout{.p = 0}, {{2}}), "no error");
}

}  // namespace
}  // namespace octet
