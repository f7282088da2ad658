#include "octet/kernels/requantize.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <random>

#include "tests/support/requantization_reference.h"
#include "tests/support/simd_targets.h"

namespace octet::kernels {
namespace {

struct Case {
  ChannelRows rows;
  bool is_signed;
  RequantizationData data;
  std::vector<int32_t> acc;
};

Case random_case(uint64_t seed) {
  std::mt19937_64 engine(seed);
  const auto below = [&](uint64_t bound) { return static_cast<int64_t>(engine() % bound); };
  Case c;
  switch (below(4)) {
    case 0:  // channels last, and matrices
      c.rows = {.outer = 1 + below(40), .blocks = 1, .inner = 1, .lanes = 2 + below(70)};
      break;
    case 1:
      c.rows = {.outer = 1 + below(3), .blocks = 1 + below(5), .inner = 1 + below(50), .lanes = 8};
      break;
    case 2:
      c.rows = {.outer = 1 + below(3), .blocks = 1 + below(4), .inner = 1 + below(50), .lanes = 16};
      break;
    default:
      c.rows = {.outer = 1 + below(3), .blocks = 1 + below(9), .inner = 1 + below(50), .lanes = 1};
  }
  // Large enough to keep both threads busy in some of the cases.
  if (below(8) == 0) c.rows.outer *= 200;
  c.is_signed = below(2) == 0;
  c.data = random_requantization(engine, c.rows.channels(), c.is_signed);
  c.acc.resize(c.rows.elements());
  const int64_t bound = int64_t{1} << (4 + below(20));
  for (int32_t& a : c.acc) a = static_cast<int32_t>(below(2 * bound) - bound);
  return c;
}

struct Result {
  std::vector<uint8_t> y, passes;
  bool operator==(const Result&) const = default;
};

Result expected(const Case& c) {
  Result result{std::vector<uint8_t>(c.acc.size()),
                std::vector<uint8_t>(c.rows.rows() * bit_row_bytes(c.rows))};
  for (int64_t i = 0; i < c.rows.elements(); ++i) {
    const int64_t row = i / c.rows.lanes, lane = i % c.rows.lanes;
    const Requantized one = requantized(c.acc[i], c.data.view(), c.rows.first_channel(row) + lane);
    result.y[i] = static_cast<uint8_t>(one.y);
    if (one.passes) {
      result.passes[row * bit_row_bytes(c.rows) + lane / 8] |= uint8_t(1U << (lane % 8));
    }
  }
  return result;
}

template <class Sum>
Result computed(const Case& c) {
  // Filled, so that what isn't written shows.
  Result result{std::vector<uint8_t>(c.acc.size(), 0x55),
                std::vector<uint8_t>(c.rows.rows() * bit_row_bytes(c.rows), 0x55)};
  const std::vector<Sum> acc(c.acc.begin(), c.acc.end());
  requantize(acc.data(), c.rows, c.data.view(), c.is_signed, result.y.data(), result.passes.data());
  return result;
}

class Requantize : public OnEverySimdTarget {};

TEST_P(Requantize, IsTheDefinitionElementByElement) {
  for (uint64_t seed = 0; seed < 120; ++seed) {
    SCOPED_TRACE(seed);
    const Case c = random_case(seed);
    const Result wanted = expected(c);
    for (const int threads : {1, 2}) {
      const OpenMPThreads limit(threads);
      ASSERT_TRUE(computed<int32_t>(c) == wanted) << threads << " threads";
      ASSERT_TRUE(computed<float>(c) == wanted) << threads << " threads";
    }
  }
}

TEST_P(Requantize, NeedsNoGradientBits) {
  const Case c = random_case(7);
  std::vector<uint8_t> y(c.acc.size());
  requantize(c.acc.data(), c.rows, c.data.view(), c.is_signed, y.data(), nullptr);
  EXPECT_EQ(y, expected(c).y);
}

// Halves on both sides of zero, their neighbours, and numbers that are far outside.
TEST_P(Requantize, RoundsHalvesAndSaturates) {
  const std::vector<float> acc{0,  1,  2,   3,   4,   5,        6,    7,    -1,   -2,       -3,
                               -5, -7, 253, 254, 255, 16777215, -255, -256, -257, -16777215};
  const ChannelRows rows{.outer = 1, .blocks = 1, .inner = int64_t(acc.size()), .lanes = 1};
  const std::vector<float> half{0.5F};
  Requantization requantization{.multiplier = half};
  std::vector<int8_t> y(acc.size());
  requantize(acc.data(), rows, requantization, true, y.data(), nullptr);
  EXPECT_EQ(y, (std::vector<int8_t>{0,  0,  1,   2,   2,   2,   3,    4,    0,    -1,  -2,
                                    -2, -4, 126, 127, 127, 127, -128, -128, -128, -128}));
  requantization.round_mode = RoundMode::HALF_AWAY_FROM_ZERO;
  requantize(acc.data(), rows, requantization, true, y.data(), nullptr);
  EXPECT_EQ(y, (std::vector<int8_t>{0,  1,  1,   2,   2,   3,   3,    4,    -1,   -1,  -2,
                                    -3, -4, 127, 127, 127, 127, -128, -128, -128, -128}));
}

TEST_P(Requantize, RoundsJustBelowAHalfDown) {
  const std::vector<float> acc{1, -1};
  const std::vector<float> below_half{0.49999997F};
  const ChannelRows rows{.outer = 1, .blocks = 1, .inner = 2, .lanes = 1};
  for (const RoundMode mode : {RoundMode::HALF_TO_EVEN, RoundMode::HALF_AWAY_FROM_ZERO}) {
    int8_t y[2] = {5, 5};
    requantize(acc.data(), rows, {.multiplier = below_half, .round_mode = mode}, true, y, nullptr);
    EXPECT_EQ(y[0], 0);
    EXPECT_EQ(y[1], 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Requantize, ::testing::ValuesIn(simd_targets()),
                         simd_target_name);

}  // namespace
}  // namespace octet::kernels
