// Functions of two scales against their formulas, element by element, on each instruction set of
// the machine.

#include "octet/kernels/quantized_arithmetic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/kernel_data.h"
#include "tests/support/simd_targets.h"

namespace octet::kernels {
namespace {

class QuantizedArithmeticLoops : public OnEverySimdTarget {};

Requantization output_of(bool is_signed, RoundMode mode, Activation activation) {
  Requantization output;
  output.round_mode = mode;
  output.activation = activation;
  output.zero_point = 3;
  output.qmin = is_signed ? -127 : 0;
  output.qmax = is_signed ? 127 : 255;
  return output;
}

int integer(uint8_t byte, bool is_signed) {
  return is_signed ? static_cast<int8_t>(byte) : byte;
}

// What the kernel is to give for this real number.
struct Expected {
  int q;
  bool passes;
};

Expected expected(float real, const Requantization& output, float y_scale) {
  const bool active = output.activation != Activation::kNone;
  const float high = output.activation == Activation::kReLU6 ? 6.0F : INFINITY;
  const float bounded = active ? std::min(std::max(real, 0.0F), high) : real;
  const float v = rounded(bounded / y_scale, output.round_mode) + 3;
  const float q = std::clamp(v, static_cast<float>(output.qmin), static_cast<float>(output.qmax));
  return {static_cast<int>(q), (!active || (real > 0 && real < high)) && v == q};
}

template <class Function>
void expect_binary(BinaryFunction function, bool sign_a, bool sign_b, bool sign_y,
                   const Function& real_function) {
  const std::vector<uint8_t> a = bytes<uint8_t>(5), b = bytes<uint8_t>(6);
  const QuantizedOperand left{a.data(), sign_a, 7, 0.37F};
  const QuantizedOperand right{b.data(), sign_b, -4, 0.11F};
  for (const Activation activation : {Activation::kNone, Activation::kReLU, Activation::kReLU6}) {
    for (const RoundMode mode : {RoundMode::HALF_TO_EVEN, RoundMode::HALF_AWAY_FROM_ZERO}) {
      const Requantization output = output_of(sign_y, mode, activation);
      std::vector<uint8_t> y(kCount), passes((kCount + 7) / 8);
      quantized_binary(function, left, right, output, 0.29F, kCount, y.data(), passes.data());
      for (int64_t i = 0; i < kCount; ++i) {
        const float real_a = static_cast<float>(integer(a[i], sign_a) - 7) * 0.37F;
        const float real_b = static_cast<float>(integer(b[i], sign_b) + 4) * 0.11F;
        const Expected wanted = expected(real_function(real_a, real_b), output, 0.29F);
        ASSERT_EQ(integer(y[i], sign_y), wanted.q);
        ASSERT_EQ(bit(passes, i), wanted.passes);
      }
    }
  }
}

TEST_P(QuantizedArithmeticLoops, EveryFunctionOfEveryPairOfTypes) {
  for (int types = 0; types < 8; ++types) {
    const bool a = (types & 1) != 0, b = (types & 2) != 0, y = (types & 4) != 0;
    expect_binary(BinaryFunction::kAdd, a, b, y, [](float l, float r) { return l + r; });
    expect_binary(BinaryFunction::kSub, a, b, y, [](float l, float r) { return l - r; });
    expect_binary(BinaryFunction::kMul, a, b, y, [](float l, float r) { return l * r; });
  }
}

// Three blocks of channels in each of two images; the values are of both or of each.
TEST_P(QuantizedArithmeticLoops, ValuesOfChannelsCountForAllPixels) {
  constexpr int64_t kImages = 6, kPixels = 5, kElements = kImages * kPixels * 8;
  const std::vector<uint8_t> image = bytes<uint8_t>(5, kElements);
  const std::vector<uint8_t> values = bytes<uint8_t>(6, kImages * 8);
  for (const int64_t channels : {int64_t{3}, kImages}) {
    std::vector<uint8_t> spread(kElements);
    for (int64_t i = 0; i < kElements; ++i) {
      spread[i] = values[i / (8 * kPixels) % channels * 8 + i % 8];
    }
    for (const BinaryFunction function :
         {BinaryFunction::kAdd, BinaryFunction::kSub, BinaryFunction::kMul}) {
      const Requantization output =
          output_of(/*is_signed=*/false, RoundMode::HALF_AWAY_FROM_ZERO, Activation::kReLU6);
      std::vector<uint8_t> y(kElements), wanted(kElements), passes(kElements / 8), bits(passes);
      quantized_binary(function, {image.data(), true, 7, 0.37F}, {spread.data(), false, 99, 0.05F},
                       output, 0.04F, kElements, wanted.data(), bits.data());
      quantized_binary_of_channels(function, {image.data(), true, 7, 0.37F},
                                   {values.data(), false, 99, 0.05F}, output, 0.04F,
                                   {.images = kImages, .channels = channels, .pixels = kPixels},
                                   y.data(), passes.data());
      EXPECT_EQ(y, wanted);
      EXPECT_EQ(passes, bits);
    }
  }
}

TEST_P(QuantizedArithmeticLoops, ChangeOfScaleIsAFunctionOfOne) {
  const std::vector<uint8_t> x = bytes<uint8_t>(7);
  const Requantization output =
      output_of(/*is_signed=*/true, RoundMode::HALF_AWAY_FROM_ZERO, Activation::kReLU);
  std::vector<uint8_t> y(kCount), passes((kCount + 7) / 8);
  change_scale({x.data(), false, 128, 0.5F}, output, 0.25F, kCount, y.data(), passes.data());
  for (int64_t i = 0; i < kCount; ++i) {
    const Expected wanted = expected((static_cast<float>(x[i]) - 128) * 0.5F, output, 0.25F);
    ASSERT_EQ(integer(y[i], true), wanted.q);
    ASSERT_EQ(bit(passes, i), wanted.passes);
  }
}

TEST_P(QuantizedArithmeticLoops, ChangeOfScaleOfPieces) {
  constexpr int64_t kPieces = 3, kBytes = 21, kFrom = 30, kTo = 50, kBitBytes = 3;
  const std::vector<uint8_t> x = bytes<uint8_t>(8);
  const Requantization output =
      output_of(/*is_signed=*/true, RoundMode::HALF_TO_EVEN, Activation::kNone);
  std::vector<uint8_t> y(kPieces * kTo, 77), passes(kPieces * kBitBytes);
  change_scale({x.data(), true, 3, 0.5F}, output, 0.25F,
               Pieces{.count = kPieces, .bytes = kBytes, .from_stride = kFrom, .to_stride = kTo},
               y.data(), passes.data());
  std::vector<uint8_t> whole(kBytes), bits(kBitBytes);
  for (int64_t piece = 0; piece < kPieces; ++piece) {
    change_scale({x.data() + piece * kFrom, true, 3, 0.5F}, output, 0.25F, kBytes, whole.data(),
                 bits.data());
    for (int64_t i = 0; i < kTo; ++i) {
      ASSERT_EQ(y[piece * kTo + i], i < kBytes ? whole[i] : 77) << piece << " " << i;
    }
    for (int64_t i = 0; i < kBytes; ++i) {
      ASSERT_EQ(bit(passes, piece * kBitBytes * 8 + i), bit(bits, i));
    }
  }
}

TEST_P(QuantizedArithmeticLoops, GradientsOfAProduct) {
  const std::vector<uint8_t> a = bytes<uint8_t>(5), b = bytes<uint8_t>(6);
  const QuantizedOperand left{a.data(), true, 7, 0.5F};
  const QuantizedOperand right{b.data(), false, 100, 0.25F};
  const std::vector<float> dy = normal(9);
  const std::vector<uint8_t> passes = bytes<uint8_t>(10, (kCount + 7) / 8);
  std::vector<float> da = dy, db(kCount);
  product_gradients(da.data(), passes.data(), 0.125F, left, right, kCount, da.data(), db.data());
  for (int64_t i = 0; i < kCount; ++i) {
    // Powers of two throughout: no order of the factors rounds differently but by dy's own.
    const float gradient = bit(passes, i) ? dy[i] : 0.0F;
    ASSERT_EQ(da[i], gradient * 4 * (static_cast<float>(b[i]) - 100) * 0.25F);
    ASSERT_EQ(db[i], gradient * 2 * static_cast<float>(integer(a[i], true) - 7) * 0.5F);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, QuantizedArithmeticLoops, testing::ValuesIn(simd_targets()),
                         simd_target_name);

}  // namespace
}  // namespace octet::kernels
