// Loops between floats and integers against their formulas, element by element, on each instruction
// set of the machine.

#include "octet/kernels/quantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/support/kernel_data.h"
#include "tests/support/simd_targets.h"

namespace octet::kernels {
namespace {

Requantization int8_output(RoundMode mode, Activation activation = Activation::kNone) {
  Requantization output;
  output.round_mode = mode;
  output.activation = activation;
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

TEST_P(QuantizeLoops, QuantizeReportsWhatIsNotFiniteWhereverItIs) {
  for (const int64_t at : {int64_t{0}, int64_t{20'000}, kCount - 1}) {
    std::vector<float> x = normal(4);
    x[at] = at == 0 ? std::numeric_limits<float>::quiet_NaN() : -INFINITY;
    std::vector<uint8_t> q(kCount);
    Requantization output;
    output.qmin = 0;
    output.qmax = 255;
    EXPECT_FALSE(quantize(x.data(), output, 1, kCount, /*is_signed=*/false, q.data(), nullptr));
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

TEST_P(QuantizeLoops, QuantizedAddOfEveryPairOfTypes) {
  expect_sums<int8_t, int8_t>(true);
  expect_sums<int8_t, uint8_t>(false);
  expect_sums<uint8_t, int8_t>(true);
  expect_sums<uint8_t, uint8_t>(false);
}

TEST_P(QuantizeLoops, ChangeOfScaleIsAnAdditionOfNothing) {
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

TEST_P(QuantizeLoops, DequantizeAndMaskedScale) {
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

INSTANTIATE_TEST_SUITE_P(Targets, QuantizeLoops, testing::ValuesIn(simd_targets()),
                         simd_target_name);

}  // namespace
}  // namespace octet::kernels
