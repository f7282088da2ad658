// The gradient of depthwise weights against plain loops, on each instruction set of the machine.

#include "octet/kernels/depthwise_gradient.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/support/simd_targets.h"

namespace octet::kernels {
namespace {

class DepthwiseGradient : public OnEverySimdTarget {};

// Whole numbers, so that the order of the sums does not matter.
std::vector<float> whole_numbers(int64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(static_cast<int>(random() % 21) - 10);
  return values;
}

int64_t at(int64_t channels, int64_t height, int64_t width, int64_t n, int64_t c, int64_t row,
           int64_t column) {
  return (((n * channels + c) / 8 * height + row) * width + column) * 8 + c % 8;
}

void expect_right(const ConvolutionShape& s) {
  const int64_t c = s.in_channels;
  const std::vector<float> x = whole_numbers(s.batch * c * s.in_height * s.in_width, 1);
  const std::vector<float> dy = whole_numbers(s.batch * c * s.out_height * s.out_width, 2);
  std::vector<float> dw(c * s.kernel_h * s.kernel_w, -1), dbias(c, -1);
  std::vector<float> wanted(dw.size(), 0), wanted_bias(c, 0);
  depthwise_backward_weights(s, x.data(), dy.data(), dw.data(), dbias.data());
  for (int64_t n = 0; n < s.batch; ++n) {
    for (int64_t channel = 0; channel < c; ++channel) {
      for (int64_t oh = 0; oh < s.out_height; ++oh) {
        for (int64_t ow = 0; ow < s.out_width; ++ow) {
          const float gradient = dy[at(c, s.out_height, s.out_width, n, channel, oh, ow)];
          wanted_bias[channel] += gradient;
          for (int64_t i = 0; i < s.kernel_h; ++i) {
            for (int64_t j = 0; j < s.kernel_w; ++j) {
              const int64_t row = oh * s.stride_h + i * s.dilation_h - s.pad_top;
              const int64_t column = ow * s.stride_w + j * s.dilation_w - s.pad_left;
              if (row < 0 || row >= s.in_height || column < 0 || column >= s.in_width) continue;
              wanted[(channel * s.kernel_h + i) * s.kernel_w + j] +=
                  gradient * x[at(c, s.in_height, s.in_width, n, channel, row, column)];
            }
          }
        }
      }
    }
  }
  EXPECT_EQ(dw, wanted);
  EXPECT_EQ(dbias, wanted_bias);
  depthwise_backward_weights(s, x.data(), dy.data(), nullptr, dbias.data());
  EXPECT_EQ(dbias, wanted_bias);
}

ConvolutionShape shape_of(int64_t size, int64_t out, int64_t kernel, int64_t stride, int64_t pad,
                          int64_t dilation = 1) {
  return {.batch = 2,
          .groups = 24,
          .in_channels = 24,
          .in_height = size,
          .in_width = size + 2,
          .out_channels = 24,
          .out_height = out,
          .out_width = (size + 2 + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1,
          .kernel_h = kernel,
          .kernel_w = kernel,
          .stride_h = stride,
          .stride_w = stride,
          .dilation_h = dilation,
          .dilation_w = dilation,
          .pad_top = pad,
          .pad_left = pad};
}

TEST_P(DepthwiseGradient, OfWindowsStridesPadsAndDilations) {
  expect_right(shape_of(9, 9, 5, 1, 2));
  expect_right(shape_of(9, 5, 5, 2, 2));
  expect_right(shape_of(7, 4, 3, 2, 1));
  expect_right(shape_of(9, 5, 3, 1, 0, 2));
  // Wider than the image: most places see padding alone.
  expect_right(shape_of(2, 2, 7, 1, 3));
}

INSTANTIATE_TEST_SUITE_P(Targets, DepthwiseGradient, testing::ValuesIn(simd_targets()),
                         simd_target_name);

}  // namespace
}  // namespace octet::kernels
