#include "octet/kernels/lookup.h"

#include <gtest/gtest.h>

#include "tests/support/kernel_data.h"
#include "tests/support/simd_targets.h"

namespace octet::kernels {
namespace {

class LookupLoops : public OnEverySimdTarget {};

TEST_P(LookupLoops, EveryByteFindsItsEntry) {
  const std::vector<uint8_t> x = bytes<uint8_t>(1);
  const std::vector<uint8_t> entries = bytes<uint8_t>(2, kBytes);
  std::array<uint8_t, kBytes> table{};
  std::copy(entries.begin(), entries.end(), table.begin());
  std::vector<uint8_t> y = x;
  lookup(y.data(), table, kCount, y.data());
  for (int64_t i = 0; i < kCount; ++i) ASSERT_EQ(y[i], table[x[i]]) << int{x[i]};
}

TEST_P(LookupLoops, TheGradientTakesTheSlopeOfTheByte) {
  const std::vector<uint8_t> x = bytes<uint8_t>(3);
  const std::vector<float> slopes = normal(4, kBytes), dy = normal(5);
  std::array<float, kBytes> slope{};
  std::copy(slopes.begin(), slopes.end(), slope.begin());
  std::vector<float> dx = dy;
  lookup_gradient(dx.data(), x.data(), slope, kCount, dx.data());
  for (int64_t i = 0; i < kCount; ++i) ASSERT_EQ(dx[i], dy[i] * slope[x[i]]);
}

INSTANTIATE_TEST_SUITE_P(Targets, LookupLoops, testing::ValuesIn(simd_targets()), simd_target_name);

}  // namespace
}  // namespace octet::kernels
