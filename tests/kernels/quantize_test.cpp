// Loops between floats and integers against their formulas, element by element, on each instruction
// set of the machine.

#include "octet/kernels/quantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "octet/kernels/quantize_blocks.h"
#include "tests/support/gradient_elements.h"
#include "tests/support/kernel_data.h"
#include "tests/support/simd_targets.h"

namespace octet::kernels {
namespace {

Requantization int8_output(RoundMode mode) {
  Requantization output;
  output.round_mode = mode;
  output.zero_point = 3;
  output.qmin = -127;
  return output;
}

class QuantizeLoops : public OnEverySimdTarget {};

TEST_P(QuantizeLoops, QuantizeIsADivisionThatIsRoundedOnce) {
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
      ASSERT_TRUE(quantize(x.data(), output, 0.5F, kCount, q.data(), passes.data()));
      for (int64_t i = 0; i < kCount; ++i) {
        const float v = rounded(x[i] / 0.5F, mode) + 3;
        const float clamped = std::clamp(v, -127.0F, 127.0F);
        ASSERT_EQ(q[i], static_cast<int8_t>(clamped)) << x[i];
        ASSERT_EQ(bit(passes, i), ste == Ste::STRAIGHT || v == clamped) << x[i];
      }
    }
  }
}

TEST_P(QuantizeLoops, QuantizeTakesAnActivationInFrontOfIt) {
  std::vector<float> x = normal(3, kCount, 5);
  x[7] = x[kCount - 1] = 0;
  x[8] = 6;
  x[9] = -INFINITY;
  for (const Activation activation : {Activation::kReLU, Activation::kReLU6}) {
    const float high = activation == Activation::kReLU6 ? 6.0F : INFINITY;
    Requantization output = int8_output(RoundMode::HALF_TO_EVEN);
    output.activation = activation;
    std::vector<int8_t> q(kCount);
    std::vector<uint8_t> passes((kCount + 7) / 8);
    ASSERT_TRUE(quantize(x.data(), output, 0.07F, kCount, q.data(), passes.data()));
    for (int64_t i = 0; i < kCount; ++i) {
      const float v = std::nearbyint(std::min(std::max(x[i], 0.0F), high) / 0.07F) + 3;
      const float clamped = std::clamp(v, -127.0F, 127.0F);
      ASSERT_EQ(q[i], static_cast<int8_t>(clamped)) << x[i];
      ASSERT_EQ(bit(passes, i), x[i] > 0 && x[i] < high && v == clamped) << x[i];
    }
    x[20] = INFINITY;
    EXPECT_EQ(quantize(x.data(), output, 0.07F, kCount, q.data(), nullptr), high == 6);
    x[20] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_FALSE(quantize(x.data(), output, 0.07F, kCount, q.data(), nullptr));
    x[20] = 1;
  }
}

TEST_P(QuantizeLoops, QuantizeReportsWhatIsNotFiniteWhereverItIs) {
  for (const int64_t at : {int64_t{0}, int64_t{20'000}, kCount - 1}) {
    std::vector<float> x = normal(4);
    x[at] = at == 0 ? std::numeric_limits<float>::quiet_NaN() : -INFINITY;
    std::vector<uint8_t> q(kCount);
    Requantization output;
    output.qmin = 0;
    output.qmax = 255;
    EXPECT_FALSE(quantize(x.data(), output, 1, kCount, q.data(), nullptr));
  }
}

// Blocks of sixteen channels become rows of all channels; else nothing is different.
TEST_P(QuantizeLoops, QuantizeTakesBlocksToChannelsLast) {
  constexpr BlockedImages kImages{.images = 2, .channels = 48, .pixels = 77};
  constexpr int64_t kElements = 2 * 48 * 77;
  const auto blocked = [](int64_t i) {
    const int64_t channel = i % 48, pixel = i / 48 % 77, image = i / 48 / 77;
    return ((image * 3 + channel / 16) * 77 + pixel) * 16 + channel % 16;
  };
  std::vector<float> x = normal(6, kElements), last(kElements);
  for (int64_t i = 0; i < kElements; ++i) last[i] = x[blocked(i)];
  for (const Activation activation : {Activation::kNone, Activation::kReLU6}) {
    for (const RoundMode mode : {RoundMode::HALF_TO_EVEN, RoundMode::HALF_AWAY_FROM_ZERO}) {
      Requantization output = int8_output(mode);
      output.activation = activation;
      std::vector<int8_t> expected(kElements), q(kElements);
      std::vector<uint8_t> expected_bits(kElements / 8), bits(kElements / 8);
      ASSERT_TRUE(
          quantize(last.data(), output, 0.3F, kElements, expected.data(), expected_bits.data()));
      ASSERT_TRUE(quantize_blocks(x.data(), kImages, output, 0.3F, q.data(), bits.data()));
      EXPECT_EQ(q, expected);
      EXPECT_EQ(bits, expected_bits);
      for (const bool half : {false, true}) {
        Elements dy = random_elements(kElements, half, 7);
        std::vector<float> dx(kElements);
        quantize_blocks_backward(dy.gradient(), kImages, bits.data(), 0.7F, dx.data());
        for (int64_t i = 0; i < kElements; ++i) {
          ASSERT_EQ(dx[blocked(i)], bit(bits, i) ? dy[i] * 0.7F : 0.0F) << i;
        }
      }
    }
  }
  x[kElements - 1] = INFINITY;
  std::vector<int8_t> q(kElements);
  EXPECT_FALSE(quantize_blocks(x.data(), kImages, {}, 1, q.data(), nullptr));
}

TEST_P(QuantizeLoops, Dequantize) {
  const std::vector<int8_t> q = bytes<int8_t>(8);
  std::vector<float> y(kCount);
  dequantize({q.data(), true, -5, 0.3F}, kCount, y.data());
  for (int64_t i = 0; i < kCount; ++i) ASSERT_EQ(y[i], (static_cast<float>(q[i]) + 5) * 0.3F);
  const std::vector<uint8_t> u = bytes<uint8_t>(8);
  dequantize({u.data(), false, 131, 0.3F}, kCount, y.data());
  for (int64_t i = 0; i < kCount; ++i) ASSERT_EQ(y[i], (static_cast<float>(u[i]) - 131) * 0.3F);
}

INSTANTIATE_TEST_SUITE_P(Targets, QuantizeLoops, testing::ValuesIn(simd_targets()),
                         simd_target_name);

}  // namespace
}  // namespace octet::kernels
