#include "octet/ops/random_sources.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/run_operation.h"

namespace octet {
namespace {

// 10000 draws: the mean of numbers with standard deviation s has one of s / 100.
const Shape kShape{100, 100};

TEST(RandomSources, RandIsUniform) {
  const at::Tensor y = run_one(Rand{.low = -1, .high = 3, .shape = kShape}, {});
  EXPECT_GE(y.min().item<double>(), -1);
  EXPECT_LT(y.max().item<double>(), 3);
  EXPECT_NEAR(y.mean().item<double>(), 1, 0.06);
  EXPECT_NEAR(y.std().item<double>(), 4 / std::sqrt(12.0), 0.03);
}

TEST(RandomSources, RandintGivesWholeNumbersBelowHigh) {
  const at::Tensor y = run_one(Randint{.low = -2, .high = 3, .shape = kShape}, {});
  EXPECT_TRUE(at::equal(y, y.round()));
  EXPECT_EQ(y.min().item<double>(), -2);
  EXPECT_EQ(y.max().item<double>(), 2);
  EXPECT_NEAR(y.mean().item<double>(), 0, 0.06);
}

TEST(RandomSources, RandnIsNormal) {
  const at::Tensor y = run_one(Randn{.mu = 5, .sigma = 2, .shape = kShape}, {});
  EXPECT_NEAR(y.mean().item<double>(), 5, 0.08);
  EXPECT_NEAR(y.std().item<double>(), 2, 0.06);
}

TEST(RandomSources, SeedsDecide) {
  const auto draw = [](int64_t own_seed, uint64_t seed) {
    return run_operation(Rand{.shape = {8}, .seed = own_seed}, {}, seed)[0];
  };
  EXPECT_TRUE(at::equal(draw(-1, 1), draw(-1, 1)));
  EXPECT_FALSE(at::equal(draw(-1, 1), draw(-1, 2)));
  EXPECT_TRUE(at::equal(draw(7, 1), draw(7, 2)));
  EXPECT_FALSE(at::equal(draw(7, 1), draw(8, 1)));
}

TEST(RandomSources, RefuseBadAttributes) {
  EXPECT_EQ(infer_error(Rand{.shape = {kFreeDim, 2}}, {}), "[Rand] shape (-1, 2) must be known");
  EXPECT_EQ(infer_error(Rand{.low = 2, .high = 1}, {}), "[Rand] low 2 is above high 1");
  EXPECT_EQ(infer_error(Randint{.low = 1, .high = 1}, {}), "[Randint] low 1 is not below high 1");
  EXPECT_EQ(infer_error(Randn{.sigma = -1}, {}), "[Randn] sigma -1 is negative");
}

}  // namespace
}  // namespace octet
