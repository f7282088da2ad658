#include "octet/kernels/integer_gradients.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "tests/support/gradient_elements.h"
#include "tests/support/simd_targets.h"

namespace octet::kernels {
namespace {

constexpr bool kTypes[][2] = {{false, false}, {false, true}, {true, false}, {true, true}};
// Several chunks, and a rest.
constexpr int64_t kCount = 50003;

TEST(BFloat16, IsTheNearest) {
  EXPECT_EQ(to_bfloat16(1).bits, 0x3F80);
  EXPECT_EQ(to_float(to_bfloat16(257)), 256);  // half way: the even one
  EXPECT_EQ(to_float(to_bfloat16(259)), 260);
  EXPECT_EQ(to_float(to_bfloat16(257.01F)), 258);
  EXPECT_EQ(to_float(to_bfloat16(-0.0F)), 0);
  EXPECT_TRUE(std::isinf(to_float(to_bfloat16(std::numeric_limits<float>::max()))));
  for (const float infinite : {INFINITY, -INFINITY}) {
    EXPECT_EQ(to_float(to_bfloat16(infinite)), infinite);
  }
  EXPECT_TRUE(std::isnan(to_float(to_bfloat16(NAN))));
  EXPECT_TRUE(std::isnan(to_float(to_bfloat16(std::bit_cast<float>(0x7FFFFFFFU)))));
  for (int i = -256; i <= 256; ++i) EXPECT_EQ(to_float(to_bfloat16(static_cast<float>(i))), i);
}

class IntegerGradients : public OnEverySimdTarget {};

TEST_P(IntegerGradients, OfSumsAreMaskedAndScaled) {
  constexpr ChannelRows kRows[] = {
      {.outer = 3, .blocks = 5, .inner = 7, .lanes = 1},
      {.outer = 700, .blocks = 1, .inner = 1, .lanes = 64},
      {.outer = 50, .blocks = 1, .inner = 1, .lanes = 19},
      {.outer = 4, .blocks = 3, .inner = 33, .lanes = 8},
      {.outer = 4, .blocks = 2, .inner = 33, .lanes = 16},
  };
  for (const ChannelRows& rows : kRows) {
    for (const auto& [in, out] : kTypes) {
      const int64_t row_bytes = bit_row_bytes(rows), lanes = rows.lanes;
      Elements dy = random_elements(rows.elements(), in, 1), dacc(rows.elements(), out);
      std::vector<uint8_t> passes = random_bits(rows.rows() * row_bytes, 2);
      if (lanes == 1) {
        for (uint8_t& byte : passes) byte &= 1;
      }
      std::vector<float> multiplier(rows.channels());
      for (size_t c = 0; c < multiplier.size(); ++c)
        multiplier[c] = 0.1F * static_cast<float>(c + 1);
      const auto expect = [&](const uint8_t* bits) {
        for (int64_t i = 0; i < rows.elements(); ++i) {
          const int64_t row = i / lanes, lane = i % lanes;
          const bool through =
              bits == nullptr || (bits[row * row_bytes + lane / 8] >> (lane % 8) & 1);
          const float wanted = through ? dy[i] * multiplier[rows.first_channel(row) + lane] : 0;
          ASSERT_EQ(dacc[i], dacc.stored(wanted)) << "lanes " << lanes << ", element " << i;
        }
      };
      for (const int threads : {1, 2}) {
        const OpenMPThreads limit(threads);
        requantize_backward(dy.gradient(), rows, multiplier, passes.data(), dacc.gradient());
        expect(passes.data());
        requantize_backward(dy.gradient(), rows, multiplier, nullptr, dacc.gradient());
        expect(nullptr);
      }
      if (in != out) continue;
      dacc = dy;
      requantize_backward(dacc.gradient(), rows, multiplier, passes.data(), dacc.gradient());
      expect(passes.data());
    }
  }
}

TEST_P(IntegerGradients, OfSummandsAreMaskedAndScaled) {
  const std::vector<uint8_t> passes = random_bits((kCount + 7) / 8, 3);
  const auto through = [&](int64_t i) { return (passes[i / 8] >> (i % 8) & 1) != 0; };
  for (const auto& [in, out] : kTypes) {
    Elements dy = random_elements(kCount, in, 4), da(kCount, out), db(kCount, out);
    masked_scale(dy.gradient(), passes.data(), 2, 0.3F, kCount, da.gradient(), db.gradient());
    for (int64_t i = 0; i < kCount; ++i) {
      ASSERT_EQ(da[i], through(i) ? da.stored(dy[i] * 2) : 0.0F);
      ASSERT_EQ(db[i], through(i) ? db.stored(dy[i] * 0.3F) : 0.0F);
    }
    if (in != out) continue;
    Elements same = dy;  // the one that takes its place is made last
    masked_scale(same.gradient(), passes.data(), 2, 0.3F, kCount, same.gradient(), db.gradient());
    for (int64_t i = 0; i < kCount; ++i) {
      ASSERT_EQ(same[i], da[i]);
      ASSERT_EQ(db[i], through(i) ? db.stored(dy[i] * 0.3F) : 0.0F);
    }
  }
}

TEST_P(IntegerGradients, AreScaledAndAddedUp) {
  for (const auto& [in, out] : kTypes) {
    Elements dy = random_elements(kCount, in, 5), dx = random_elements(kCount, out, 6);
    scale_gradient(dy.gradient(), 0.7F, kCount, dx.gradient());
    for (int64_t i = 0; i < kCount; ++i) ASSERT_EQ(dx[i], dx.stored(dy[i] * 0.7F));
  }
  for (const bool half : {false, true}) {
    Elements a = random_elements(kCount, half, 7), b = random_elements(kCount, half, 8);
    const Elements before = b;
    add_gradient(a.gradient(), b.gradient(), kCount);
    for (int64_t i = 0; i < kCount; ++i) ASSERT_EQ(b[i], b.stored(a[i] + before[i]));
  }
}

TEST_P(IntegerGradients, IntegersAreWidenedExactly) {
  const std::vector<uint8_t> x = random_bits(kCount, 9);
  for (const bool half : {false, true}) {
    Elements y(kCount, half);
    widen(x.data(), /*is_signed=*/true, -128, kCount, y.gradient());
    for (int64_t i = 0; i < kCount; ++i) ASSERT_EQ(y[i], float(static_cast<int8_t>(x[i]) + 128));
    widen(x.data(), /*is_signed=*/false, 255, kCount, y.gradient());
    for (int64_t i = 0; i < kCount; ++i) ASSERT_EQ(y[i], float(x[i] - 255));
  }
}

// What is no number stays so, and so does what is infinite.
TEST_P(IntegerGradients, KeepWhatIsNotFinite) {
  Elements dy(16, false), dx(16, true);
  for (int64_t i = 0; i < 16; ++i) dy.set(i, i % 3 == 0 ? NAN : (i % 3 == 1 ? INFINITY : -3e38F));
  scale_gradient(dy.gradient(), 1, 16, dx.gradient());
  for (int64_t i = 0; i < 16; ++i) {
    EXPECT_EQ(std::isnan(dx[i]), i % 3 == 0);
    if (i % 3 == 1) {
      EXPECT_EQ(dx[i], INFINITY);
    } else if (i % 3 == 2) {
      EXPECT_NEAR(dx[i], -3e38F, 1.2e36F);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, IntegerGradients, testing::ValuesIn(simd_targets()),
                         simd_target_name);

}  // namespace
}  // namespace octet::kernels
