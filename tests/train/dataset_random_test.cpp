#include "octet/train/dataset_random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace octet {
namespace {

using ::testing::ElementsAre;

TEST(DataRandom, DependsOnSeedEpochAndIndexAlone) {
  const auto first = [](uint64_t seed, int64_t epoch, int64_t index) {
    return DataRandom(seed, epoch, index).below(int64_t{1} << 60);
  };
  EXPECT_EQ(first(1, 2, 3), first(1, 2, 3));
  EXPECT_NE(first(1, 2, 3), first(2, 2, 3));
  EXPECT_NE(first(1, 2, 3), first(1, 3, 3));
  EXPECT_NE(first(1, 2, 3), first(1, 2, 4));
  EXPECT_NE(first(1, 2, 3), first(1, 3, 2));
}

TEST(DataRandom, DrawsUniformly) {
  DataRandom random(0, 0, 0);
  std::vector<int> counts(3);
  double sum = 0;
  for (int i = 0; i < 3000; ++i) {
    ++counts[random.below(3)];
    const double value = random.uniform(-1, 3);
    ASSERT_TRUE(value >= -1 && value < 3);
    sum += value;
  }
  // Five standard deviations: sqrt(3000 * 2/9) = 26 and 4 / sqrt(12 * 3000) = 0.021.
  for (int count : counts) EXPECT_NEAR(count, 1000, 130);
  EXPECT_NEAR(sum / 3000, 1.0, 0.105);
}

TEST(ShuffledOrder, IsAPermutationOfItsSeedAndEpoch) {
  const std::vector<int64_t> order = shuffled_order(100, 7, 0);
  std::vector<int64_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (int64_t i = 0; i < 100; ++i) EXPECT_EQ(sorted[i], i);
  EXPECT_EQ(shuffled_order(100, 7, 0), order);
  EXPECT_NE(shuffled_order(100, 7, 1), order);
  EXPECT_NE(shuffled_order(100, 8, 0), order);
}

// The order is a promise: a training that is resumed on another platform must meet it again.
TEST(ShuffledOrder, IsTheSameEverywhere) {
  EXPECT_THAT(shuffled_order(8, 0, 0), ElementsAre(1, 6, 2, 0, 4, 7, 5, 3));
  EXPECT_THAT(shuffled_order(8, 1, 5), ElementsAre(0, 7, 3, 5, 4, 6, 1, 2));
}

}  // namespace
}  // namespace octet
