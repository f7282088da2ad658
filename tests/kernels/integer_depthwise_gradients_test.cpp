// Against sums in float64, on each instruction set of the machine.

#include "octet/kernels/integer_depthwise_gradients.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "octet/kernels/aligned_buffer.h"
#include "tests/support/gradient_elements.h"
#include "tests/support/kernel_data.h"
#include "tests/support/simd_targets.h"

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

struct Job {
  ConvolutionShape shape;
  bool is_signed, masked;
  std::vector<uint8_t> x, bits;
  std::vector<float> weights, multiplier;
  Elements dy;

  Job(const ConvolutionShape& s, uint64_t seed, bool half_dy)
      : shape(s),
        is_signed(seed % 2 == 0),
        masked(seed % 3 != 0),
        x(bytes<uint8_t>(seed, s.batch * s.in_channels * s.in_height * s.in_width)),
        bits(random_bits(outputs() / 8, seed)),
        multiplier(normal(seed + 1, seed % 5 == 0 ? 1 : s.in_channels, 0.1F)),
        dy(random_elements(outputs(), half_dy, seed + 2)) {
    for (const int8_t w : bytes<int8_t>(seed, s.in_channels * taps())) weights.push_back(w);
  }

  int64_t taps() const { return shape.kernel_h * shape.kernel_w; }
  int64_t outputs() const {
    return shape.batch * shape.out_channels * shape.out_height * shape.out_width;
  }
  double x_at(int64_t i) const {
    return (is_signed ? static_cast<int8_t>(x[i]) : static_cast<int>(x[i])) - zero_point();
  }
  int32_t zero_point() const { return is_signed ? -3 : 130; }
  double gradient(int64_t i) const {
    if (masked && !bit(bits, i)) return 0;
    return static_cast<double>(dy[i]) *
           multiplier[multiplier.size() == 1 ? 0 : i % shape.in_channels];
  }
  IntegerDepthwiseGradients::Operands operands() {
    return {.x = x.data(),
            .is_signed = is_signed,
            .x_zero_point = zero_point(),
            .dy = dy.gradient(),
            .passes = masked ? bits.data() : nullptr,
            .multiplier = multiplier,
            .weights = weights.data()};
  }
};

// The sums, and what they would be if all terms had the same sign.
struct Sums {
  std::vector<double> dx, dx_size, dw, dw_size, dbias, dbias_size;
};

Sums expected(const Job& job) {
  const ConvolutionShape& s = job.shape;
  const int64_t c = s.in_channels;
  Sums sums;
  for (auto* of_x : {&sums.dx, &sums.dx_size}) of_x->resize(job.x.size());
  for (auto* of_w : {&sums.dw, &sums.dw_size}) of_w->resize(c * job.taps());
  for (auto* of_bias : {&sums.dbias, &sums.dbias_size}) of_bias->resize(c);
  for (int64_t i = 0; i < job.outputs(); ++i) {
    const int64_t channel = i % c, column = i / c % s.out_width;
    const int64_t row = i / c / s.out_width % s.out_height;
    const int64_t image = i / c / s.out_width / s.out_height;
    const double gradient = job.gradient(i);
    sums.dbias[channel] += gradient;
    sums.dbias_size[channel] += std::abs(gradient);
    for (int64_t tap = 0; tap < job.taps(); ++tap) {
      const int64_t y = row * s.stride_h - s.pad_top + tap / s.kernel_w * s.dilation_h;
      const int64_t x = column * s.stride_w - s.pad_left + tap % s.kernel_w * s.dilation_w;
      if (y < 0 || y >= s.in_height || x < 0 || x >= s.in_width) continue;
      const int64_t at = ((image * s.in_height + y) * s.in_width + x) * c + channel;
      const int64_t w = channel * job.taps() + tap;
      sums.dx[at] += gradient * job.weights[w];
      sums.dx_size[at] += std::abs(gradient * job.weights[w]);
      sums.dw[w] += gradient * job.x_at(at);
      sums.dw_size[w] += std::abs(gradient * job.x_at(at));
    }
  }
  return sums;
}

class IntegerDepthwiseGradientsTest : public OnEverySimdTarget {};

// Of sums of some hundred terms: a few eps of their sizes.
constexpr double kEps = 8 * std::numeric_limits<float>::epsilon();

TEST_P(IntegerDepthwiseGradientsTest, AreTheDefinition) {
  uint64_t seed = 0;
  for (const ConvolutionShape& shape : shapes()) {
    ASSERT_TRUE(
        IntegerDepthwiseGradients::fits(shape, Layout::kChannelsLast, Layout::kChannelsLast));
    for (const bool half_dy : {false, true}) {
      for (const bool half_dx : {false, true}) {
        SCOPED_TRACE(++seed);
        Job job(shape, seed, half_dy);
        const Sums sums = expected(job);
        std::vector<float> dw[2], dbias[2];
        for (const int threads : {1, 2}) {
          const OpenMPThreads limit(threads);
          const IntegerDepthwiseGradients gradients(shape);
          const AlignedBuffer<float> scratch(gradients.scratch_bytes() / sizeof(float));
          std::fill_n(scratch.data(), gradients.scratch_bytes() / sizeof(float), NAN);
          Elements dx(static_cast<int64_t>(job.x.size()), half_dx);
          dw[threads - 1].resize(sums.dw.size());
          dbias[threads - 1].resize(sums.dbias.size());
          gradients.run(job.operands(), dx.gradient(), dw[threads - 1].data(),
                        dbias[threads - 1].data(), scratch.data());
          for (size_t i = 0; i < sums.dx.size(); ++i) {
            const double rounding = half_dx ? std::abs(sums.dx[i]) / 256 : 0;
            ASSERT_NEAR(dx[static_cast<int64_t>(i)], sums.dx[i], kEps * sums.dx_size[i] + rounding)
                << i;
          }
        }
        EXPECT_EQ(dw[0], dw[1]);
        EXPECT_EQ(dbias[0], dbias[1]);
        for (size_t i = 0; i < sums.dw.size(); ++i) {
          ASSERT_NEAR(dw[0][i], sums.dw[i], kEps * sums.dw_size[i]) << i;
        }
        for (size_t i = 0; i < sums.dbias.size(); ++i) {
          ASSERT_NEAR(dbias[0][i], sums.dbias[i], kEps * sums.dbias_size[i]) << i;
        }
      }
    }
  }
}

TEST_P(IntegerDepthwiseGradientsTest, GiveWhatIsWanted) {
  const ConvolutionShape shape = depthwise(2, 32, 8, 8, 3, 1, 1, 1);
  Job job(shape, 4, false);
  const IntegerDepthwiseGradients gradients(shape);
  const AlignedBuffer<float> scratch(gradients.scratch_bytes() / sizeof(float));
  Elements dx(static_cast<int64_t>(job.x.size()), false), alone = dx;
  std::vector<float> dw(32 * 9), dw_alone(dw), dbias(32), dbias_alone(dbias);
  gradients.run(job.operands(), dx.gradient(), dw.data(), dbias.data(), scratch.data());
  gradients.run(job.operands(), alone.gradient(), nullptr, nullptr, scratch.data());
  gradients.run(job.operands(), nullptr, dw_alone.data(), nullptr, scratch.data());
  gradients.run(job.operands(), nullptr, nullptr, dbias_alone.data(), scratch.data());
  for (size_t i = 0; i < job.x.size(); ++i) {
    ASSERT_EQ(dx[static_cast<int64_t>(i)], alone[static_cast<int64_t>(i)]);
  }
  EXPECT_EQ(dw, dw_alone);
  EXPECT_EQ(dbias, dbias_alone);
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
