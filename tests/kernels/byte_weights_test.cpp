#include "octet/kernels/byte_weights.h"

#include <gtest/gtest.h>

namespace octet::kernels {
namespace {

ConvolutionPlan matrix_plan(int64_t in_channels) {
  return plan_convolution({.in_channels = in_channels, .out_channels = 16}, true,
                          Layout::kChannelsLast, Layout::kChannelsLast, 1);
}

// (out, in) weights that are all `w`, but for those of output channel 3.
std::vector<int8_t> weights_of(int64_t in_channels, int8_t w, int8_t of_channel_3) {
  std::vector<int8_t> weights(16 * in_channels, w);
  std::fill_n(weights.begin() + 3 * in_channels, in_channels, of_channel_3);
  return weights;
}

// Sum over the entries of the weights of a channel at a position of its quad.
int64_t packed_sum(const ByteWeights& packed, int64_t channel) {
  const ByteWeights::Block block = packed.block(0, 0);
  int64_t sum = 0;
  for (int64_t e = 0; e < block.entries * packed.quads(); ++e) {
    for (int64_t i = 0; i < kQuad; ++i) {
      sum += block.weights[(e * kPanelChannels + channel) * kQuad + i];
    }
  }
  return sum;
}

// With x up to 127 four weights may add up to 32767 / 127 = 258, with x up to 255 two to 128.
TEST(ByteWeights, TakesWhatStaysWithinInt16) {
  const ConvolutionPlan plan = matrix_plan(64);
  ByteWeights packed(plan);
  ASSERT_TRUE(packed.pack(plan, weights_of(64, 1, 64).data(), 127, 1));
  EXPECT_EQ(packed.quads(), 2);
  EXPECT_EQ(packed.block(0, 0).entries, 64 / 8);
  ASSERT_TRUE(packed.pack(plan, weights_of(64, 1, 64).data(), 255, 1));
  EXPECT_EQ(packed.quads(), 1);
  EXPECT_EQ(packed.block(0, 0).entries, 64 / 4);
  EXPECT_EQ(packed_sum(packed, 3), 64 * 64);
}

TEST(ByteWeights, SplitsAGroupThatDoesNot) {
  const ConvolutionPlan plan = matrix_plan(64);
  ByteWeights packed(plan);
  std::vector<int8_t> weights = weights_of(64, 1, 0);
  for (int i = 0; i < 8; ++i) weights[3 * 64 + 8 + i] = 65;  // 4 * 65 * 127 > 32767
  ASSERT_TRUE(packed.pack(plan, weights.data(), 127, 1));
  EXPECT_EQ(packed.block(0, 0).entries, 64 / 8 + 1);
  EXPECT_EQ(packed.block(0, 0).offsets[1], 8);
  EXPECT_EQ(packed.block(0, 0).offsets[2], 8);
  EXPECT_EQ(packed_sum(packed, 3), 8 * 65);
  EXPECT_EQ(packed_sum(packed, 0), 64);
}

TEST(ByteWeights, CountsPositiveAndNegativeOnesApart) {
  const ConvolutionPlan plan = matrix_plan(64);
  ByteWeights packed(plan);
  std::vector<int8_t> weights = weights_of(64, 1, 100);
  for (int i = 0; i < 64; i += 2) weights[3 * 64 + i] = -100;
  ASSERT_TRUE(packed.pack(plan, weights.data(), 127, 1));  // +-200 of 258
  EXPECT_EQ(packed.block(0, 0).entries, 64 / 8);
}

TEST(ByteWeights, GivesUpWhereMostGroupsAreSplit) {
  const ConvolutionPlan plan = matrix_plan(64);
  ByteWeights packed(plan);
  EXPECT_FALSE(packed.pack(plan, weights_of(64, 1, 127).data(), 127, 1));
  EXPECT_FALSE(packed.pack(plan, weights_of(64, 1, -128).data(), 255, 1));
}

}  // namespace
}  // namespace octet::kernels
