// Float loops against their formulas, element by element, on each instruction set of the machine.

#include "octet/kernels/elementwise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/support/kernel_data.h"
#include "tests/support/simd_targets.h"

namespace octet::kernels {
namespace {

class Elementwise : public OnEverySimdTarget {};

TEST_P(Elementwise, FloatArithmetic) {
  const std::vector<float> a = normal(1), b = normal(2);
  std::vector<float> y(kCount);
  sum(a.data(), b.data(), kCount, /*relu=*/false, y.data());
  for (int64_t i = 0; i < kCount; ++i) ASSERT_EQ(y[i], a[i] + b[i]);
  sum(a.data(), b.data(), kCount, /*relu=*/true, y.data());
  for (int64_t i = 0; i < kCount; ++i) ASSERT_EQ(y[i], std::max(a[i] + b[i], 0.0F));
  std::vector<float> dx(kCount);
  for (const float bound : {INFINITY, 6.0F}) {
    relu(a.data(), bound, kCount, y.data());
    relu_backward(b.data(), y.data(), bound, kCount, dx.data());
    for (int64_t i = 0; i < kCount; ++i) {
      ASSERT_EQ(y[i], std::min(std::max(a[i], 0.0F), bound));
      ASSERT_EQ(dx[i], a[i] > 0 && a[i] < bound ? b[i] : 0.0F);
    }
  }
  scale(a.data(), 0.3F, kCount, y.data());
  for (int64_t i = 0; i < kCount; ++i) ASSERT_EQ(y[i], a[i] * 0.3F);
}

TEST_P(Elementwise, WhatIsNoNumberStaysSo) {
  std::vector<float> x = normal(1);
  const std::vector<float> zeros(kCount);
  for (int64_t i = 0; i < kCount; i += 7) x[i] = NAN;
  std::vector<float> y(kCount), both(kCount);
  relu(x.data(), 6.0F, kCount, y.data());
  sum(x.data(), zeros.data(), kCount, /*relu=*/true, both.data());
  for (int64_t i = 0; i < kCount; ++i) {
    ASSERT_EQ(std::isnan(y[i]), i % 7 == 0) << i;
    ASSERT_EQ(std::isnan(both[i]), i % 7 == 0) << i;
  }
}

TEST_P(Elementwise, SumsHandTheirGradientToBoth) {
  const std::vector<float> dy = normal(3), y = normal(4);
  std::vector<float> da(kCount), db(kCount), alone(kCount);
  sum_backward(dy.data(), y.data(), kCount, da.data(), db.data());
  for (int64_t i = 0; i < kCount; ++i) ASSERT_EQ(da[i], y[i] > 0 ? dy[i] : 0.0F);
  EXPECT_EQ(da, db);
  sum_backward(dy.data(), nullptr, kCount, nullptr, alone.data());
  EXPECT_EQ(alone, dy);
}

INSTANTIATE_TEST_SUITE_P(Targets, Elementwise, testing::ValuesIn(simd_targets()), simd_target_name);

}  // namespace
}  // namespace octet::kernels
