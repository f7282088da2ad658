// Against sums in float64.

#include "octet/kernels/integer_pointwise_gradients.h"

#include <gtest/gtest.h>

#include "octet/kernels/onednn/convolution_gradients.h"
#include "tests/support/integer_gradients_job.h"

namespace octet::kernels {
namespace {

constexpr Layout kLast = Layout::kChannelsLast;

ConvolutionShape pointwise(int64_t batch, int64_t in, int64_t out, int64_t height, int64_t width,
                           int64_t stride = 1) {
  return {.batch = batch,
          .in_channels = in,
          .in_height = height,
          .in_width = width,
          .out_channels = out,
          .out_height = (height - 1) / stride + 1,
          .out_width = (width - 1) / stride + 1,
          .stride_h = stride,
          .stride_w = stride};
}

class IntegerPointwiseGradientsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_bfloat16()) GTEST_SKIP() << "this processor has no bfloat16";
  }
};

// Of few weights, which threads sum alone, and of many. One pixel, an odd number of them, blocks of
// different sizes, several chunks, several blocks of pairs on each side, strides that leave rows
// and columns out, fewer panels than go together and more.
TEST_F(IntegerPointwiseGradientsTest, AreTheDefinition) {
  // The gradient of the sums is rounded to bfloat16, whose numbers are half of 1/128 apart.
  constexpr double kRounding = 1.0 / 256;
  const auto make = [](const ConvolutionShape& shape) { return IntegerPointwiseGradients(shape); };
  uint64_t seed = 0;
  for (const ConvolutionShape& shape :
       {pointwise(1, 16, 16, 1, 1), pointwise(3, 32, 16, 5, 7), pointwise(1, 16, 48, 9, 11),
        pointwise(2, 80, 32, 13, 8), pointwise(1, 16, 272, 6, 5), pointwise(2, 144, 304, 14, 10),
        pointwise(2, 32, 64, 9, 8, 2), pointwise(1, 16, 16, 7, 7, 3),
        pointwise(9, 16, 16, 104, 92)}) {
    ASSERT_TRUE(IntegerPointwiseGradients::fits(shape, kLast, kLast));
    for (int types = 0; types < 4; ++types) {
      SCOPED_TRACE(++seed);
      expect_definition(shape, make, seed, kRounding, /*same_for_all=*/false);
    }
  }
}

TEST_F(IntegerPointwiseGradientsTest, GiveWhatIsWanted) {
  const ConvolutionShape shape = pointwise(2, 32, 48, 8, 8);
  expect_what_is_wanted(IntegerPointwiseGradients(shape), shape);
}

TEST_F(IntegerPointwiseGradientsTest, FitChannelsLastBySixteens) {
  const ConvolutionShape shape = pointwise(1, 16, 32, 4, 4);
  EXPECT_TRUE(IntegerPointwiseGradients::fits(shape, kLast, kLast));
  EXPECT_FALSE(IntegerPointwiseGradients::fits(shape, kLast, Layout::kBlocked16));
  EXPECT_FALSE(IntegerPointwiseGradients::fits(pointwise(1, 24, 32, 4, 4), kLast, kLast));
  ConvolutionShape padded = shape;
  padded.pad_top = 1;
  EXPECT_FALSE(IntegerPointwiseGradients::fits(padded, kLast, kLast));
  ConvolutionShape behind = shape;  // the last row of y is of padding
  behind.out_height = 5;
  EXPECT_FALSE(IntegerPointwiseGradients::fits(behind, kLast, kLast));
  ConvolutionShape window = shape;
  window.kernel_h = 3;
  EXPECT_FALSE(IntegerPointwiseGradients::fits(window, kLast, kLast));
}

}  // namespace
}  // namespace octet::kernels
