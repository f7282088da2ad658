// Every loop against its formula, element by element, on each instruction set of the machine.

#include "octet/kernels/elementwise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "tests/support/simd_targets.h"

namespace octet::kernels {
namespace {

// Not a multiple of any vector, and more than one chunk of work.
constexpr int64_t kCount = 40'003;

std::vector<float> normal(unsigned seed, int64_t count = kCount, float deviation = 40) {
  std::mt19937 random(seed);
  std::normal_distribution<float> distribution(0, deviation);
  std::vector<float> values(count);
  for (float& value : values) value = distribution(random);
  return values;
}

template <class T>
std::vector<T> bytes(unsigned seed, int64_t count = kCount) {
  std::mt19937 random(seed);
  std::vector<T> values(count);
  for (T& value : values) value = static_cast<T>(random());
  return values;
}

float rounded(float x, RoundMode mode) {
  return mode == RoundMode::HALF_TO_EVEN ? std::nearbyint(x) : std::round(x);
}

bool bit(const std::vector<uint8_t>& bits, int64_t i) {
  return (bits[i / 8] >> (i % 8) & 1) != 0;
}

Requantization int8_output(RoundMode mode, Activation activation = Activation::kNone) {
  Requantization output;
  output.round_mode = mode;
  output.activation = activation;
  output.zero_point = 3;
  output.qmin = -127;
  return output;
}

class Elementwise : public OnEverySimdTarget {};

TEST_P(Elementwise, FloatArithmetic) {
  const std::vector<float> a = normal(1), b = normal(2);
  std::vector<float> y(kCount), accumulated = b;
  sum(a.data(), b.data(), kCount, /*relu=*/false, y.data());
  add(a.data(), accumulated.data(), kCount);
  for (int64_t i = 0; i < kCount; ++i) {
    ASSERT_EQ(y[i], a[i] + b[i]);
    ASSERT_EQ(accumulated[i], b[i] + a[i]);
  }
  sum(a.data(), b.data(), kCount, /*relu=*/true, y.data());
  for (int64_t i = 0; i < kCount; ++i) ASSERT_EQ(y[i], std::max(a[i] + b[i], 0.0F));
  std::vector<float> dx(kCount);
  for (const float bound : {INFINITY, 6.0F}) {
    relu(a.data(), bound, kCount, y.data());
    relu_backward(b.data(), y.data(), bound, kCount, dx.data());
    for (int64_t i = 0; i < kCount; ++i) {
      ASSERT_EQ(y[i], std::min(std::max(a[i], 0.0F), bound));
      ASSERT_EQ(dx[i], a[i] > 0 && a[i] < bound ? b[i] : 0.0F);
    }
  }
  scale(a.data(), 0.3F, kCount, y.data());
  for (int64_t i = 0; i < kCount; ++i) ASSERT_EQ(y[i], a[i] * 0.3F);
}

TEST_P(Elementwise, QuantizeIsADivisionThatIsRoundedOnce) {
  std::vector<float> x = normal(3);
  // Halves, whatever the scale of 0.5 makes of them.
  for (int64_t i = 0; i < 400; ++i) x[i] = 0.25F * static_cast<float>(i - 200);
  x[401] = 0.49999997F * 0.5F;
  for (const RoundMode mode : {RoundMode::HALF_TO_EVEN, RoundMode::HALF_AWAY_FROM_ZERO}) {
    for (const Ste ste : {Ste::CLIPPED, Ste::STRAIGHT}) {
      Requantization output = int8_output(mode);
      output.ste = ste;
      std::vector<int8_t> q(kCount);
      std::vector<uint8_t> passes((kCount + 7) / 8);
      ASSERT_TRUE(
          quantize(x.data(), output, 0.5F, kCount, /*is_signed=*/true, q.data(), passes.data()));
      for (int64_t i = 0; i < kCount; ++i) {
        const float v = rounded(x[i] / 0.5F, mode) + 3;
        const float clamped = std::clamp(v, -127.0F, 127.0F);
        ASSERT_EQ(q[i], static_cast<int8_t>(clamped)) << x[i];
        ASSERT_EQ(bit(passes, i), ste == Ste::STRAIGHT || v == clamped) << x[i];
      }
    }
  }
}

TEST_P(Elementwise, QuantizeReportsWhatIsNotFiniteWhereverItIs) {
  for (const int64_t at : {int64_t{0}, int64_t{20'000}, kCount - 1}) {
    std::vector<float> x = normal(4);
    x[at] = at == 0 ? std::numeric_limits<float>::quiet_NaN() : -INFINITY;
    std::vector<uint8_t> q(kCount);
    Requantization output;
    output.qmin = 0;
    output.qmax = 255;
    EXPECT_FALSE(quantize(x.data(), output, 1, kCount, /*is_signed=*/false, q.data(), nullptr));
    std::vector<float> integers(kCount);
    const std::vector<float> scale{1}, zero{0};
    EXPECT_FALSE(quantize_weights({.inner = kCount, .scale = scale, .zero_point = zero}, x.data(),
                                  integers.data()));
  }
}

template <class A, class B>
void expect_sums(bool is_signed) {
  const std::vector<A> a = bytes<A>(5);
  const std::vector<B> b = bytes<B>(6);
  const QuantizedOperand left{a.data(), std::is_signed_v<A>, 7, 0.37F};
  const QuantizedOperand right{b.data(), std::is_signed_v<B>, -4, 0.11F};
  for (const Activation activation : {Activation::kNone, Activation::kReLU, Activation::kReLU6}) {
    Requantization output = int8_output(RoundMode::HALF_TO_EVEN, activation);
    if (!is_signed) {
      output.qmin = 0;
      output.qmax = 255;
    }
    std::vector<uint8_t> y(kCount), passes((kCount + 7) / 8);
    quantized_add(left, right, output, 0.29F, kCount, is_signed, y.data(), passes.data());
    for (int64_t i = 0; i < kCount; ++i) {
      const float real =
          (static_cast<float>(a[i]) - 7) * 0.37F + (static_cast<float>(b[i]) + 4) * 0.11F;
      const float high = activation == Activation::kReLU6 ? 6.0F : INFINITY;
      const float active =
          activation == Activation::kNone ? real : std::min(std::max(real, 0.0F), high);
      const float v = std::nearbyint(active / 0.29F) + 3;
      const float q =
          std::clamp(v, static_cast<float>(output.qmin), static_cast<float>(output.qmax));
      const int given = is_signed ? static_cast<int8_t>(y[i]) : y[i];
      ASSERT_EQ(given, static_cast<int>(q));
      const bool active_here = activation == Activation::kNone || (real > 0 && real < high);
      ASSERT_EQ(bit(passes, i), active_here && v == q);
    }
  }
}

TEST_P(Elementwise, QuantizedAddOfEveryPairOfTypes) {
  expect_sums<int8_t, int8_t>(true);
  expect_sums<int8_t, uint8_t>(false);
  expect_sums<uint8_t, int8_t>(true);
  expect_sums<uint8_t, uint8_t>(false);
}

TEST_P(Elementwise, ChangeOfScaleIsAnAdditionOfNothing) {
  const std::vector<uint8_t> x = bytes<uint8_t>(7);
  const Requantization output = int8_output(RoundMode::HALF_AWAY_FROM_ZERO, Activation::kReLU);
  std::vector<int8_t> y(kCount);
  std::vector<uint8_t> passes((kCount + 7) / 8);
  change_scale({x.data(), false, 128, 0.5F}, output, 0.25F, kCount, true, y.data(), passes.data());
  for (int64_t i = 0; i < kCount; ++i) {
    const float real = (static_cast<float>(x[i]) - 128) * 0.5F;
    const float v = std::round(std::max(real, 0.0F) / 0.25F) + 3;
    ASSERT_EQ(y[i], static_cast<int>(std::min(v, 127.0F)));
    ASSERT_EQ(bit(passes, i), real > 0 && v <= 127);
  }
}

TEST_P(Elementwise, DequantizeAndMaskedScale) {
  const std::vector<int8_t> q = bytes<int8_t>(8);
  std::vector<float> y(kCount);
  dequantize({q.data(), true, -5, 0.3F}, kCount, y.data());
  for (int64_t i = 0; i < kCount; ++i) ASSERT_EQ(y[i], (static_cast<float>(q[i]) + 5) * 0.3F);

  const std::vector<float> dy = normal(9);
  const std::vector<uint8_t> passes = bytes<uint8_t>(10, (kCount + 7) / 8);
  std::vector<float> da(kCount), db(kCount);
  masked_scale(dy.data(), passes.data(), 2, 3, kCount, da.data(), db.data());
  for (int64_t i = 0; i < kCount; ++i) {
    ASSERT_EQ(da[i], bit(passes, i) ? dy[i] * 2 : 0.0F);
    ASSERT_EQ(db[i], bit(passes, i) ? dy[i] * 3 : 0.0F);
  }
}

TEST_P(Elementwise, WeightsPerChannel) {
  constexpr int64_t kOuter = 3, kChannels = 5, kInner = 11;
  const std::vector<float> w = normal(11, kOuter * kChannels * kInner);
  const std::vector<float> dq = normal(12, kOuter * kChannels * kInner);
  const std::vector<float> scale{0.1F, 0.5F, 1, 2, 3}, zero{0, 1, -1, 5, 0};
  for (const Ste ste : {Ste::CLIPPED, Ste::STRAIGHT}) {
    const WeightQuantization quantization{.outer = kOuter,
                                          .channels = kChannels,
                                          .inner = kInner,
                                          .scale = scale,
                                          .zero_point = zero,
                                          .ste = ste};
    std::vector<float> q(w.size()), dw(w.size());
    ASSERT_TRUE(quantize_weights(quantization, w.data(), q.data()));
    quantize_weights_backward(quantization, w.data(), dq.data(), dw.data());
    for (size_t i = 0; i < w.size(); ++i) {
      const size_t channel = i / kInner % kChannels;
      const float v = std::nearbyint(w[i] / scale[channel]) + zero[channel];
      const float clamped = std::clamp(v, -128.0F, 127.0F);
      ASSERT_EQ(q[i], clamped);
      const bool passes = ste == Ste::STRAIGHT || v == clamped;
      ASSERT_EQ(dw[i], passes ? dq[i] / scale[channel] : 0.0F);
    }
  }
}

TEST_P(Elementwise, SumsWithABias) {
  const ChannelRows rows{.outer = 2, .blocks = 3, .inner = 5, .lanes = 8};
  std::vector<int32_t> acc(rows.elements()), bias(rows.channels());
  std::mt19937 random(13);
  for (int32_t& value : acc) value = static_cast<int32_t>(random() % 200'000'000) - 100'000'000;
  for (int32_t& value : bias) value = static_cast<int32_t>(random() % 2001) - 1000;
  std::vector<float> y(acc.size());
  finish_sums(acc.data(), rows, bias, y.data());
  for (int64_t i = 0; i < rows.elements(); ++i) {
    const int64_t channel = rows.first_channel(i / 8) + i % 8;
    ASSERT_EQ(y[i], static_cast<float>(acc[i] + bias[channel]));
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Elementwise, testing::ValuesIn(simd_targets()), simd_target_name);

}  // namespace
}  // namespace octet::kernels
