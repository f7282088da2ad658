// Layers for tests of IntegerLayerGradients: random operands, and the gradients in float64.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "octet/kernels/aligned_buffer.h"
#include "octet/kernels/integer_layer_gradients.h"
#include "tests/support/gradient_elements.h"
#include "tests/support/kernel_data.h"
#include "tests/support/simd_targets.h"

namespace octet::kernels {

// Channels last on both sides.
struct IntegerGradientsJob {
  ConvolutionShape shape;
  bool is_signed, masked;
  std::vector<uint8_t> x, bits;
  std::vector<float> weights, multiplier;
  Elements dy;

  IntegerGradientsJob(const ConvolutionShape& s, uint64_t seed, bool half_dy)
      : shape(s),
        is_signed(seed % 2 == 0),
        masked(seed % 3 != 0),
        x(bytes<uint8_t>(seed, s.batch * s.in_channels * s.in_height * s.in_width)),
        bits(random_bits(outputs() / 8, seed)),
        multiplier(normal(seed + 1, seed % 5 == 0 ? 1 : s.out_channels, 0.1F)),
        dy(random_elements(outputs(), half_dy, seed + 2)) {
    for (const int8_t w : bytes<int8_t>(seed, weights_size())) weights.push_back(w);
  }

  int64_t taps() const { return shape.kernel_h * shape.kernel_w; }
  int64_t group_inputs() const { return shape.in_channels / shape.groups; }
  int64_t weights_size() const { return shape.out_channels * group_inputs() * taps(); }
  int64_t outputs() const {
    return shape.batch * shape.out_channels * shape.out_height * shape.out_width;
  }
  int32_t zero_point() const { return is_signed ? -3 : 130; }
  double x_at(int64_t i) const {
    return (is_signed ? static_cast<int8_t>(x[i]) : static_cast<int>(x[i])) - zero_point();
  }
  double gradient(int64_t i) const {
    if (masked && !bit(bits, i)) return 0;
    return static_cast<double>(dy[i]) *
           multiplier[multiplier.size() == 1 ? 0 : i % shape.out_channels];
  }
  IntegerLayerGradients::Operands operands() {
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
struct GradientSums {
  std::vector<double> dx, dx_size, dw, dw_size, dbias, dbias_size;

  explicit GradientSums(const IntegerGradientsJob& job) {
    const ConvolutionShape& s = job.shape;
    for (auto* of_x : {&dx, &dx_size}) of_x->resize(job.x.size());
    for (auto* of_w : {&dw, &dw_size}) of_w->resize(job.weights.size());
    for (auto* of_bias : {&dbias, &dbias_size}) of_bias->resize(s.out_channels);
    const int64_t inputs = job.group_inputs(), outputs = s.out_channels / s.groups;
    for (int64_t i = 0; i < job.outputs(); ++i) {
      const int64_t channel = i % s.out_channels, pixel = i / s.out_channels;
      const double gradient = job.gradient(i);
      dbias[channel] += gradient;
      dbias_size[channel] += std::abs(gradient);
      for (int64_t tap = 0; tap < job.taps(); ++tap) {
        const int64_t row = pixel / s.out_width % s.out_height, column = pixel % s.out_width;
        const int64_t y = row * s.stride_h - s.pad_top + tap / s.kernel_w * s.dilation_h;
        const int64_t x = column * s.stride_w - s.pad_left + tap % s.kernel_w * s.dilation_w;
        if (y < 0 || y >= s.in_height || x < 0 || x >= s.in_width) continue;
        const int64_t image = pixel / s.out_width / s.out_height;
        const int64_t first = ((image * s.in_height + y) * s.in_width + x) * s.in_channels;
        for (int64_t c = 0; c < inputs; ++c) {
          const int64_t at = first + channel / outputs * inputs + c;
          const int64_t w = (channel * inputs + c) * job.taps() + tap;
          dx[at] += gradient * job.weights[w];
          dx_size[at] += std::abs(gradient * job.weights[w]);
          dw[w] += gradient * job.x_at(at);
          dw_size[w] += std::abs(gradient * job.x_at(at));
        }
      }
    }
  }
};

// Whether `gradients`, which make(shape) gives, are those sums: within `eps` of the terms' sizes,
// and what rounding the gradient of x to bfloat16 takes. The same bits again, and, if
// `same_for_all`, for one thread and two.
template <class Make>
void expect_definition(const ConvolutionShape& shape, const Make& make, uint64_t seed, double eps,
                       bool same_for_all) {
  const bool half_dy = seed % 2 != 0, half_dx = seed / 2 % 2 != 0;
  IntegerGradientsJob job(shape, seed, half_dy);
  const GradientSums sums(job);
  std::vector<float> dw[3], dbias[3];
  for (const int run : {0, 1, 2}) {
    const OpenMPThreads limit(run == 0 ? 1 : 2);
    const auto gradients = make(shape);
    const AlignedBuffer<float> scratch(gradients.scratch_bytes() / sizeof(float));
    std::fill_n(scratch.data(), gradients.scratch_bytes() / sizeof(float), NAN);
    Elements dx(static_cast<int64_t>(job.x.size()), half_dx);
    for (int64_t i = 0; i < static_cast<int64_t>(job.x.size()); ++i) dx.set(i, NAN);
    dw[run].resize(sums.dw.size(), NAN);
    dbias[run].resize(sums.dbias.size(), NAN);
    gradients.run(job.operands(), dx.gradient(), dw[run].data(), dbias[run].data(), scratch.data());
    for (size_t i = 0; i < sums.dx.size(); ++i) {
      const double rounding = half_dx ? std::abs(sums.dx[i]) / 256 : 0;
      ASSERT_NEAR(dx[static_cast<int64_t>(i)], sums.dx[i], eps * sums.dx_size[i] + rounding) << i;
    }
  }
  EXPECT_EQ(dw[1], dw[2]);
  EXPECT_EQ(dbias[1], dbias[2]);
  if (same_for_all) {
    EXPECT_EQ(dw[0], dw[1]);
    EXPECT_EQ(dbias[0], dbias[1]);
  }
  for (const int run : {0, 1}) {
    for (size_t i = 0; i < sums.dw.size(); ++i) {
      ASSERT_NEAR(dw[run][i], sums.dw[i], eps * sums.dw_size[i]) << i;
    }
    for (size_t i = 0; i < sums.dbias.size(); ++i) {
      ASSERT_NEAR(dbias[run][i], sums.dbias[i], eps * sums.dbias_size[i]) << i;
    }
  }
}

// Whether each gradient is the same without the others.
inline void expect_what_is_wanted(const IntegerLayerGradients& gradients,
                                  const ConvolutionShape& shape) {
  IntegerGradientsJob job(shape, 4, false);
  const AlignedBuffer<float> scratch(gradients.scratch_bytes() / sizeof(float));
  Elements dx(static_cast<int64_t>(job.x.size()), false), alone = dx;
  std::vector<float> dw(job.weights.size()), dw_alone(dw);
  std::vector<float> dbias(shape.out_channels), dbias_alone(dbias);
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

}  // namespace octet::kernels
