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

// With x up to 127 the weights that are added up may make 32767 / 127 = 258, with x up to 255 they
// may make 128: two of a quad.
TEST(ByteWeights, TakesTheLargestGroupsThatStayWithinInt16) {
  struct Row {
    int8_t of_channel_3;
    int32_t highest_x;
    int quads;
  };
  for (const Row& row : {Row{32, 127, 4},
                         {33, 127, 2},
                         {64, 127, 2},
                         {65, 127, 1},
                         {127, 127, 1},
                         {16, 255, 4},
                         {17, 255, 2},
                         {32, 255, 2},
                         {33, 255, 1},
                         {64, 255, 1}}) {
    const ConvolutionPlan plan = matrix_plan(64);
    ByteWeights packed(plan);
    ASSERT_TRUE(packed.pack(plan, weights_of(64, 1, row.of_channel_3).data(), row.highest_x, 1));
    EXPECT_EQ(packed.quads(), row.quads) << int{row.of_channel_3} << " " << row.highest_x;
    EXPECT_EQ(packed.block(0, 0).entries, 64 / (4 * row.quads));
    EXPECT_EQ(packed_sum(packed, 3), 64 * row.of_channel_3);
    EXPECT_EQ(packed_sum(packed, 0), 64);
  }
}

TEST(ByteWeights, SplitsAGroupThatDoesNot) {
  const ConvolutionPlan plan = matrix_plan(512);
  ByteWeights packed(plan);
  std::vector<int8_t> weights = weights_of(512, 1, 0);
  for (int i = 0; i < 16; ++i) weights[3 * 512 + 16 + i] = 33;  // 8 * 33 * 127 > 32767
  ASSERT_TRUE(packed.pack(plan, weights.data(), 127, 1));
  EXPECT_EQ(packed.quads(), 4);
  EXPECT_EQ(packed.block(0, 0).entries, 512 / 16 + 1);
  EXPECT_EQ(packed.block(0, 0).offsets[1], 16);
  EXPECT_EQ(packed.block(0, 0).offsets[2], 16);
  EXPECT_EQ(packed_sum(packed, 3), 16 * 33);
  EXPECT_EQ(packed_sum(packed, 0), 512);
}

TEST(ByteWeights, TakesSmallerGroupsThanThoseThatAreTooLargeInHalves) {
  const ConvolutionPlan plan = matrix_plan(512);
  ByteWeights packed(plan);
  std::vector<int8_t> weights = weights_of(512, 1, 0);
  for (int i = 0; i < 16; ++i) weights[3 * 512 + 16 + i] = 127;  // 8 * 64 * 127 > 32767
  ASSERT_TRUE(packed.pack(plan, weights.data(), 127, 1));
  EXPECT_EQ(packed.quads(), 2);
  EXPECT_EQ(packed.block(0, 0).entries, 512 / 8 + 2);
  EXPECT_EQ(packed_sum(packed, 3), 16 * 127);
}

TEST(ByteWeights, DecidesAgainWhereItsGroupsNoLongerPay) {
  const ConvolutionPlan plan = matrix_plan(64);
  ByteWeights packed(plan);
  ASSERT_TRUE(packed.pack(plan, weights_of(64, 1, 32).data(), 127, 1));
  EXPECT_EQ(packed.quads(), 4);
  ASSERT_TRUE(packed.pack(plan, weights_of(64, 1, 64).data(), 255, 1));
  EXPECT_EQ(packed.quads(), 1);
  EXPECT_EQ(packed_sum(packed, 3), 64 * 64);
}

TEST(ByteWeights, CountsPositiveAndNegativeOnesApart) {
  const ConvolutionPlan plan = matrix_plan(64);
  ByteWeights packed(plan);
  std::vector<int8_t> weights = weights_of(64, 1, 64);
  for (int i = 0; i < 64; i += 2) weights[3 * 64 + i] = -64;
  ASSERT_TRUE(packed.pack(plan, weights.data(), 127, 1));  // +-256 of 258
  EXPECT_EQ(packed.quads(), 4);
  EXPECT_EQ(packed.block(0, 0).entries, 64 / 16);
}

// 2 * 127 * 127 is within int16, 2 * 127 * 255 is not.
TEST(ByteWeights, GivesUpWhereMostGroupsAreSplit) {
  const ConvolutionPlan plan = matrix_plan(64);
  ByteWeights packed(plan);
  EXPECT_FALSE(packed.pack(plan, weights_of(64, 1, 127).data(), 255, 1));
  EXPECT_FALSE(packed.pack(plan, weights_of(64, 1, -128).data(), 255, 1));
  EXPECT_TRUE(packed.pack(plan, weights_of(64, 1, -128).data(), 127, 1));
}

}  // namespace
}  // namespace octet::kernels
