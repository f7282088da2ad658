#include "octet/kernels/integer_winograd.h"

#include <gtest/gtest.h>

#include <vector>

namespace octet::kernels {
namespace {

ConvolutionShape layer(int64_t channels, int64_t extent) {
  return {.in_channels = channels,
          .in_height = extent,
          .in_width = extent,
          .out_channels = 64,
          .out_height = extent,
          .out_width = extent,
          .kernel_h = 3,
          .kernel_w = 3,
          .pad_top = 1,
          .pad_left = 1};
}

TEST(IntegerWinograd, IsForWindowsOfThreeByThreeSideBySide) {
  EXPECT_TRUE(winograd_pays(layer(64, 14), Multiplicand::kInt16));
  ConvolutionShape shape = layer(64, 14);
  shape.stride_w = 2;
  EXPECT_FALSE(winograd_pays(shape, Multiplicand::kInt16));
  shape = layer(64, 14);
  shape.dilation_h = 2;
  EXPECT_FALSE(winograd_pays(shape, Multiplicand::kInt16));
  shape = layer(64, 14);
  shape.kernel_h = 5;
  EXPECT_FALSE(winograd_pays(shape, Multiplicand::kInt16));
  EXPECT_FALSE(
      winograd_pays(layer(72, 14), Multiplicand::kInt16));  // vectors have sixteen channels
  EXPECT_FALSE(winograd_pays(layer(16, 14), Multiplicand::kInt16));
  shape = layer(64, 14);
  shape.groups = 64;
  EXPECT_FALSE(winograd_pays(shape, Multiplicand::kInt16));
}

// 7 x 7 outputs take 4 x 4 tiles, 64 outputs for 49.
TEST(IntegerWinograd, CountsOutputsBeyondTheEdge) {
  EXPECT_TRUE(winograd_pays(layer(64, 7), Multiplicand::kInt16));
  EXPECT_FALSE(winograd_pays(layer(64, 7), Multiplicand::kBytes));
  EXPECT_TRUE(winograd_pays(layer(64, 13), Multiplicand::kBytes));
  EXPECT_FALSE(winograd_pays(layer(64, 14), Multiplicand::kVnni));
  EXPECT_FALSE(winograd_pays(layer(64, 3), Multiplicand::kInt16));
  EXPECT_FALSE(winograd_pays(layer(64, 1), Multiplicand::kInt16));
}

// (2 G) w (2 G)^T of 1, 2, ..., 9, by hand.
TEST(IntegerWinograd, TransformsWeights) {
  const ConvolutionPlan plan =
      plan_convolution(layer(32, 8), true, Layout::kChannelsLast, Layout::kChannelsLast, 1);
  ASSERT_TRUE(plan.winograd);
  constexpr int64_t kOut = 5, kIn = 3;  // the only pair with weights
  std::vector<int8_t> weights(64 * 32 * 9, 0);
  for (int8_t i = 0; i < 9; ++i) weights[(kOut * 32 + kIn) * 9 + i] = static_cast<int8_t>(i + 1);
  std::vector<int16_t> packed(plan.panel_size);
  pack_winograd_panel(plan, weights.data(), 0, packed.data());
  const int16_t wanted[16] = {4,  12, 4,  12,  //
                              24, 45, 15, 36,  //
                              8,  15, 5,  12,  //
                              28, 48, 16, 36};
  int64_t others = 0;
  for (int64_t i = 0; i < plan.panel_size; ++i) others += packed[i] != 0;
  EXPECT_EQ(others, 16);
  for (int64_t product = 0; product < 16; ++product) {
    const int64_t at = ((product * 16 + kIn / 2) * kPanelChannels + kOut) * 2 + kIn % 2;
    EXPECT_EQ(packed[at], wanted[product]) << product;
  }
}

}  // namespace
}  // namespace octet::kernels
