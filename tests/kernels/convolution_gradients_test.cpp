#include "octet/kernels/onednn/convolution_gradients.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

#include "octet/kernels/aligned_buffer.h"
#include "octet/kernels/bfloat16_winograd.h"

namespace octet::kernels {
namespace {

struct Case {
  const char* name;
  ConvolutionShape shape;
};

ConvolutionShape shape_of(int64_t batch, int64_t groups, int64_t in, int64_t size, int64_t out,
                          int64_t kernel, int64_t stride) {
  const int64_t pad = kernel / 2, out_size = (size + 2 * pad - kernel) / stride + 1;
  return {.batch = batch,
          .groups = groups,
          .in_channels = in,
          .in_height = size,
          .in_width = size,
          .out_channels = out,
          .out_height = out_size,
          .out_width = out_size,
          .kernel_h = kernel,
          .kernel_w = kernel,
          .stride_h = stride,
          .stride_w = stride,
          .pad_top = pad,
          .pad_left = pad};
}

const Case kCases[] = {
    {"pointwise", shape_of(2, 1, 32, 9, 48, 1, 1)},
    {"pointwise, strides", shape_of(2, 1, 16, 10, 32, 1, 2)},
    {"3 x 3", shape_of(2, 1, 16, 8, 32, 3, 1)},
    {"tiles", shape_of(4, 1, 64, 8, 80, 3, 1)},
    {"tiles, odd", shape_of(3, 1, 112, 13, 64, 3, 1)},
    {"3 x 3, strides", shape_of(3, 1, 32, 9, 16, 3, 2)},
    {"depthwise", shape_of(2, 32, 32, 9, 32, 3, 1)},
    {"depthwise, strides", shape_of(2, 48, 48, 12, 48, 5, 2)},
    {"groups", shape_of(2, 2, 32, 7, 32, 3, 1)},
    {"odd channels", shape_of(2, 1, 20, 7, 12, 3, 1)},
};

// One sum in float64, and that of its terms' magnitudes.
struct Sum {
  double value = 0, magnitude = 0;
  void add(double term) {
    value += term;
    magnitude += std::abs(term);
  }
};

// Everything in channels last.
struct Exact {
  std::vector<Sum> dx, dw, dbias;
};

Exact exact(const ConvolutionShape& s, const std::vector<float>& x, const std::vector<float>& w,
            const std::vector<float>& dy) {
  Exact sums{std::vector<Sum>(x.size()), std::vector<Sum>(w.size()),
             std::vector<Sum>(s.out_channels)};
  const int64_t in = s.in_channels / s.groups, out = s.out_channels / s.groups;
  for (int64_t i = 0; i < static_cast<int64_t>(dy.size()); ++i) {
    const int64_t o = i % s.out_channels, pixel = i / s.out_channels;
    const int64_t column = pixel % s.out_width, row = pixel / s.out_width % s.out_height;
    const int64_t image = pixel / s.out_width / s.out_height;
    sums.dbias[o].add(dy[i]);
    for (int64_t k = 0; k < in * s.kernel_h * s.kernel_w; ++k) {
      const int64_t kx = k % s.kernel_w, ky = k / s.kernel_w % s.kernel_h;
      const int64_t c = o / out * in + k / s.kernel_w / s.kernel_h;
      const int64_t at_row = row * s.stride_h + ky - s.pad_top;
      const int64_t at_column = column * s.stride_w + kx - s.pad_left;
      if (at_row < 0 || at_row >= s.in_height || at_column < 0 || at_column >= s.in_width) continue;
      const int64_t place =
          ((image * s.in_height + at_row) * s.in_width + at_column) * s.in_channels + c;
      const int64_t weight = o * in * s.kernel_h * s.kernel_w + k;
      sums.dx[place].add(static_cast<double>(dy[i]) * w[weight]);
      sums.dw[weight].add(static_cast<double>(dy[i]) * x[place]);
    }
  }
  return sums;
}

void expect_within(const std::vector<Sum>& sums, double relative, double of_result,
                   const std::function<float(int64_t)>& given, const char* what) {
  for (size_t i = 0; i < sums.size(); ++i) {
    const double bound = relative * sums[i].magnitude + of_result * std::abs(sums[i].value) + 1e-30;
    ASSERT_LE(std::abs(given(static_cast<int64_t>(i)) - sums[i].value), bound) << what << " " << i;
  }
}

// Against dy in float32: rounding it to the eight bits of bfloat16 moves each term by 2^-8 of it at
// most, and rounding the result moves that likewise.
void expect_near(const Case& c, bool bfloat16, bool bfloat16_dx) {
  SCOPED_TRACE(c.name);
  const ConvolutionShape& s = c.shape;
  std::mt19937_64 engine(1);
  std::normal_distribution<float> normal;
  std::vector<float> x(s.batch * s.in_height * s.in_width * s.in_channels);
  std::vector<float> w(s.out_channels * s.in_channels / s.groups * s.kernel_h * s.kernel_w);
  std::vector<float> dy(s.batch * s.out_height * s.out_width * s.out_channels);
  for (float& value : x) value = static_cast<float>(engine() % 511) - 255;
  for (float& value : w) value = static_cast<float>(engine() % 256) - 128;
  for (float& value : dy) value = normal(engine);
  const Exact sums = exact(s, x, w, dy);
  const ConvolutionGradients::Options options{.in = Layout::kChannelsLast,
                                              .out = Layout::kChannelsLast,
                                              .bias = true,
                                              .bfloat16 = bfloat16,
                                              .bfloat16_dx = bfloat16_dx};
  const auto gradients = make_convolution_gradients(s, options);
  const AlignedBuffer<char> scratch(gradients->scratch_bytes());
  std::vector<BFloat16> half_x, half_dy, half_dx(x.size());
  for (const float value : x) half_x.push_back(to_bfloat16(value));
  for (const float value : dy) half_dy.push_back(to_bfloat16(value));
  std::vector<float> dx(x.size()), dw(w.size()), dbias(s.out_channels);
  const Gradient to_dx = bfloat16_dx ? Gradient(half_dx.data()) : Gradient(dx.data());
  const Gradient from_x = bfloat16 ? Gradient(half_x.data()) : Gradient(x.data());
  const Gradient from_dy = bfloat16 ? Gradient(half_dy.data()) : Gradient(dy.data());
  gradients->backward_data(from_dy, w.data(), to_dx, scratch.data());
  gradients->backward_weights(from_x, from_dy, dw.data(), dbias.data(), scratch.data());
  // Sums of up to some hundred terms in float32; tiles of 3 x 3 have others (float_winograd.h), of
  // which in bfloat16 each is rounded (bfloat16_winograd.h).
  const bool tiles = bfloat16 && bfloat16_tiles_pay(s, options);
  const double relative = (bfloat16 ? 0x1.02p-8 : 0) * (tiles ? 4 : 1) + 1e-5;
  const double of_dx = bfloat16_dx ? 0x1.02p-8 : 0;
  expect_within(
      sums.dx, relative, of_dx,
      [&](int64_t i) { return bfloat16_dx ? to_float(half_dx[i]) : dx[i]; }, "dx");
  expect_within(
      sums.dw, relative, 0, [&](int64_t i) { return dw[i]; }, "dw");
  expect_within(
      sums.dbias, relative, 0, [&](int64_t i) { return dbias[i]; }, "dbias");
  // Each alone.
  const std::vector<float> both = dw;
  gradients->backward_weights(from_x, from_dy, dw.data(), nullptr, scratch.data());
  EXPECT_EQ(dw, both);
  gradients->backward_weights(from_x, from_dy, nullptr, dbias.data(), scratch.data());
}

TEST(ConvolutionGradients, InFloat32) {
  for (const Case& c : kCases) expect_near(c, false, false);
}

TEST(ConvolutionGradients, InBFloat16) {
  if (!has_bfloat16()) GTEST_SKIP() << "no instructions for bfloat16";
  for (const Case& c : kCases) {
    expect_near(c, true, false);
    expect_near(c, true, true);
  }
}

}  // namespace
}  // namespace octet::kernels
