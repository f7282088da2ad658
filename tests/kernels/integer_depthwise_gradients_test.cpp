// Against sums in float64, on each instruction set of the machine.

#include "octet/kernels/integer_depthwise_gradients.h"

#include <gtest/gtest.h>

#include "tests/support/integer_gradients_job.h"

namespace octet::kernels {
namespace {

ConvolutionShape depthwise(int64_t batch, int64_t channels, int64_t height, int64_t width,
                           int64_t kernel, int64_t stride, int64_t dilation, int64_t pad) {
  const auto extent = [&](int64_t in) {
    return (in + 2 * pad - (kernel - 1) * dilation - 1) / stride + 1;
  };
  return {.batch = batch,
          .groups = channels,
          .in_channels = channels,
          .in_height = height,
          .in_width = width,
          .out_channels = channels,
          .out_height = extent(height),
          .out_width = extent(width),
          .kernel_h = kernel,
          .kernel_w = kernel,
          .stride_h = stride,
          .stride_w = stride,
          .dilation_h = dilation,
          .dilation_w = dilation,
          .pad_top = pad,
          .pad_left = pad};
}

// Strides with and without columns that no window reaches, windows that reach beside the image,
// more taps than go together, one row, a stride beyond the window, channels that are cut into
// parts.
std::vector<ConvolutionShape> shapes() {
  std::vector<ConvolutionShape> all{
      depthwise(2, 16, 7, 9, 3, 1, 1, 1),   depthwise(1, 48, 8, 7, 3, 2, 1, 1),
      depthwise(3, 32, 9, 6, 3, 2, 1, 0),   depthwise(1, 16, 11, 12, 5, 1, 1, 2),
      depthwise(2, 16, 12, 13, 3, 1, 2, 2), depthwise(1, 16, 13, 14, 5, 2, 2, 3),
      depthwise(1, 32, 10, 10, 1, 3, 1, 0), depthwise(1, 16, 3, 3, 3, 1, 1, 0),
      depthwise(1, 16, 9, 9, 2, 3, 1, 0),   depthwise(2, 320, 5, 5, 3, 1, 1, 1),
      depthwise(1, 16, 6, 40, 7, 1, 1, 3)};
  ConvolutionShape uneven = depthwise(2, 16, 9, 10, 3, 1, 1, 1);
  uneven.kernel_h = 1;
  uneven.pad_top = 0;
  uneven.stride_w = 2;
  uneven.out_width = 5;
  uneven.in_height = uneven.out_height;
  all.push_back(uneven);
  return all;
}

class IntegerDepthwiseGradientsTest : public OnEverySimdTarget {};

// Of sums of some hundred terms: a few eps of their sizes.
constexpr double kEps = 8 * std::numeric_limits<float>::epsilon();

TEST_P(IntegerDepthwiseGradientsTest, AreTheDefinition) {
  const auto make = [](const ConvolutionShape& shape) { return IntegerDepthwiseGradients(shape); };
  uint64_t seed = 0;
  for (const ConvolutionShape& shape : shapes()) {
    ASSERT_TRUE(
        IntegerDepthwiseGradients::fits(shape, Layout::kChannelsLast, Layout::kChannelsLast));
    for (int types = 0; types < 4; ++types) {
      SCOPED_TRACE(++seed);
      expect_definition(shape, make, seed, kEps, /*same_for_all=*/true);
    }
  }
}

TEST_P(IntegerDepthwiseGradientsTest, GiveWhatIsWanted) {
  const ConvolutionShape shape = depthwise(2, 32, 8, 8, 3, 1, 1, 1);
  expect_what_is_wanted(IntegerDepthwiseGradients(shape), shape);
}

TEST(IntegerDepthwiseGradients, FitChannelsLastBySixteens) {
  const ConvolutionShape shape = depthwise(1, 16, 4, 4, 3, 1, 1, 1);
  constexpr Layout kLast = Layout::kChannelsLast;
  EXPECT_TRUE(IntegerDepthwiseGradients::fits(shape, kLast, kLast));
  EXPECT_FALSE(IntegerDepthwiseGradients::fits(shape, kLast, Layout::kBlocked8));
  EXPECT_FALSE(IntegerDepthwiseGradients::fits(depthwise(1, 24, 4, 4, 3, 1, 1, 1), kLast, kLast));
  ConvolutionShape dense = shape;
  dense.groups = 1;
  EXPECT_FALSE(IntegerDepthwiseGradients::fits(dense, kLast, kLast));
  ConvolutionShape more = shape;
  more.out_channels = 32;
  EXPECT_FALSE(IntegerDepthwiseGradients::fits(more, kLast, kLast));
}

INSTANTIATE_TEST_SUITE_P(SimdTargets, IntegerDepthwiseGradientsTest,
                         ::testing::ValuesIn(simd_targets()), simd_target_name);

}  // namespace
}  // namespace octet::kernels
