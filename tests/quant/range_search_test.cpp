#include "octet/quant/range_search.h"

#include <random>

#include "octet/quant/scale.h"
#include "tests/quant/test_support.h"

namespace octet {
namespace {

constexpr QuantFormat kInt8{};
constexpr QuantFormat kInt4{DType::kInt8, 4, false};
constexpr QuantFormat kUint8{DType::kUInt8, 8, false};

// 4096 bins over [-8, 8), as a recorder would have counted the values.
struct Counted {
  std::vector<int64_t> counts = std::vector<int64_t>(4096);
  double minimum = 0;
  double maximum = 0;

  explicit Counted(const std::vector<float>& values) {
    for (const float value : values) {
      ++counts.at(static_cast<size_t>(std::floor(value * 256.0) + 2048));
      minimum = std::min<double>(minimum, value);
      maximum = std::max<double>(maximum, value);
    }
  }
  Histogram histogram() const { return {counts, 8, minimum, maximum}; }
};

std::vector<float> normal(int64_t n) {
  return to_vector(bell(n));
}

std::vector<float> half_normal(int64_t n) {
  return to_vector(at::relu(bell(n)));
}

// The mean squared error of quantizing these very values.
double true_error(const std::vector<float>& values, Interval range, const QuantFormat& format,
                  bool symmetric) {
  const double scale =
      symmetric ? 2 * std::max(-range.lower, range.upper) / static_cast<double>(format.steps())
                : (range.upper - range.lower) / static_cast<double>(format.steps());
  const auto qmin = static_cast<double>(format.qmin());
  const auto qmax = static_cast<double>(format.qmax());
  const double zero_point = symmetric ? 0 : std::nearbyint(qmin - range.lower / scale);
  double error = 0;
  for (const float x : values) {
    const double q = std::clamp(std::nearbyint(x / scale) + zero_point, qmin, qmax);
    error += std::pow((q - zero_point) * scale - x, 2);
  }
  return error / static_cast<double>(values.size());
}

TEST(PercentileRange, CutsTheTailOfTheMagnitudes) {
  // 1000 values, evenly from -2 to 2.
  std::vector<float> values;
  for (int i = 0; i < 1000; ++i) values.push_back(-2 + 0.004f * (static_cast<float>(i) + 0.5f));
  const Counted counted(values);
  const Interval range = percentile_range(counted.histogram(), kInt8, true, 90);
  EXPECT_NEAR(range.lower, -1.8, 1.0 / 256);
  EXPECT_NEAR(range.upper, 1.8, 1.0 / 256);
  // Asymmetric: 5 % from each side, which is the same here.
  const Interval both = percentile_range(counted.histogram(), kInt8, false, 90);
  EXPECT_NEAR(both.lower, -1.8, 1.0 / 256);
  EXPECT_NEAR(both.upper, 1.8, 1.0 / 256);
}

TEST(PercentileRange, OfAHundredIsTheWholeRange) {
  const Counted counted({-1.1f, 0.3f, 2.7f, 2.71f});
  for (const bool symmetric : {false, true}) {
    const Interval range = percentile_range(counted.histogram(), kInt8, symmetric, 100);
    EXPECT_EQ(range.lower, counted.minimum);
    EXPECT_EQ(range.upper, counted.maximum);
  }
}

TEST(PercentileRange, LeavesAnEmptySideEmpty) {
  const Counted positive(half_normal(10000));
  for (const bool symmetric : {false, true}) {
    const Interval range = percentile_range(positive.histogram(), kInt8, symmetric, 99);
    EXPECT_EQ(range.lower, 0);
    // 1 % (asymmetric: 0.5 %) of relu(normal) is above this quantile.
    EXPECT_NEAR(range.upper, symmetric ? 2.326 : 2.576, 0.02);
  }
}

TEST(PercentileRange, OfUint8CountsThePositiveSide) {
  const Counted counted({-5, -4, -3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2});
  EXPECT_NEAR(percentile_range(counted.histogram(), kUint8, true, 90).upper, 1, 1.0 / 256);
}

TEST(MseRange, IsAsGoodAsAFineSearch) {
  const std::vector<float> values = normal(20000);
  const Counted counted(values);
  for (const QuantFormat& format : {kInt8, kInt4, QuantFormat{DType::kInt8, 2, true}}) {
    const Interval range = mse_range(counted.histogram(), format, true);
    double best = 1e9;
    for (double t = 0.05; t < counted.maximum; t += 0.01) {
      best = std::min(best, true_error(values, {-t, t}, format, true));
    }
    // Within 2 % of the best threshold's error: bins are 1/256 wide, an int8 step is 1/32.
    EXPECT_LT(true_error(values, range, format, true), 1.02 * best) << format.bits << " bits";
    EXPECT_EQ(std::max(-range.lower, range.upper), range.upper);
  }
}

TEST(MseRange, ClipsMoreWithFewerBits) {
  const Counted counted(normal(20000));
  const double eight = mse_range(counted.histogram(), kInt8, true).upper;
  const double four = mse_range(counted.histogram(), kInt4, true).upper;
  EXPECT_LE(eight, counted.maximum);
  EXPECT_GT(eight, 3.0);
  // The optimal 4-bit uniform quantizer of a normal distribution has 16 levels of 0.335 sigma (Max
  // 1960, table II), a threshold of 2.5 to 2.7.
  EXPECT_NEAR(four, 2.6, 0.15);
}

TEST(MseRange, OfBothSidesIsBetterThanTheWholeRange) {
  std::vector<float> values = normal(5000);
  for (float& value : values) value = value < 0 ? value * 0.3f : value;
  values.push_back(7.5f);
  const Counted counted(values);
  const Interval range = mse_range(counted.histogram(), kInt4, false);
  const Interval whole{counted.minimum, counted.maximum};
  EXPECT_LT(true_error(values, range, kInt4, false), 0.5 * true_error(values, whole, kInt4, false));
  EXPECT_LT(range.upper, 5);
  EXPECT_LT(range.lower, 0);
}

TEST(MseRange, KeepsEverythingOfInt32) {
  const Counted counted(normal(1000));
  const Interval range = mse_range(counted.histogram(), full_format(DType::kInt32), true);
  EXPECT_EQ(range.lower, counted.minimum);
  EXPECT_EQ(range.upper, counted.maximum);
}

// The scale is a power of two: the range is the one that is best then.
TEST(MseRange, MindsTheRoundingOfTheScale) {
  const std::vector<float> values = normal(20000);
  const Counted counted(values);
  const auto error_of_scale = [&](float scale) {
    const double range = scale * static_cast<double>(kInt4.steps()) / 2;
    return true_error(values, {-range, range}, kInt4, true);
  };
  double best = 1e9;
  for (int exponent = -6; exponent < 2; ++exponent) {
    best = std::min(best, error_of_scale(std::ldexp(1.0f, exponent)));
  }
  for (const Pow2 pow2 : {Pow2::ROUND, Pow2::CEIL, Pow2::FLOOR}) {
    const Interval range = mse_range(counted.histogram(), kInt4, true, pow2);
    const auto scale = static_cast<float>(2 * std::max(-range.lower, range.upper) / 15);
    EXPECT_EQ(error_of_scale(round_to_power_of_two(scale, pow2)), best) << to_string(pow2);
  }
}

TEST(MseRange, OfUint8MindsOnlyThePositiveSide) {
  std::vector<float> values = half_normal(5000);
  values.push_back(-7.0f);
  const Interval range = mse_range(Counted(values).histogram(), kUint8, true);
  EXPECT_GT(range.upper, 2.5);
  EXPECT_LT(range.upper, 4.5);
}

TEST(EntropyRange, CutsAFarOutlier) {
  std::vector<float> values = to_vector(bell(50000) * 0.25);
  values.push_back(7.9f);
  const Counted counted(values);
  for (const bool symmetric : {false, true}) {
    const Interval range = entropy_range(counted.histogram(), kInt8, symmetric);
    EXPECT_LT(range.upper, 2) << symmetric;
    EXPECT_GT(range.upper, 0.5) << symmetric;
    EXPECT_LT(range.lower, -0.5) << symmetric;
  }
}

// Cutting off the only values there are is never an answer.
TEST(EntropyRange, KeepsValuesThatAreAllAlike) {
  const Counted counted(std::vector<float>(100, 5.5f));
  for (const bool symmetric : {false, true}) {
    EXPECT_EQ(entropy_range(counted.histogram(), kInt8, symmetric).upper, 5.5) << symmetric;
  }
}

TEST(EntropyRange, KeepsEvenlySpreadValues) {
  std::vector<float> values;
  for (int i = 0; i < 50000; ++i) values.push_back(static_cast<float>(spread(i) * 8 - 4));
  const Interval range = entropy_range(Counted(values).histogram(), kInt8, true);
  EXPECT_GT(range.upper, 3.9);
}

TEST(EntropyRange, IsNotMovedByZeros) {
  const std::vector<float> values = half_normal(20000);
  std::vector<float> with_zeros = values;
  with_zeros.insert(with_zeros.end(), 100000, 0.0f);
  const auto upper = [](const std::vector<float>& v) {
    return entropy_range(Counted(v).histogram(), kInt8, true).upper;
  };
  EXPECT_EQ(upper(values), upper(with_zeros));
}

TEST(EntropyRange, TakesTheWholeRangeWhenLevelsAreFinerThanBins) {
  const Counted counted(normal(1000));
  const Interval range = entropy_range(counted.histogram(), full_format(DType::kInt16), true);
  EXPECT_EQ(range.upper, counted.maximum);
}

TEST(RangeSearch, OfNothingButZerosIsZero) {
  const std::vector<int64_t> counts = [] {
    std::vector<int64_t> result(4096);
    result[2048] = 5;
    return result;
  }();
  const Histogram zeros{counts, 0, 0, 0};
  for (const bool symmetric : {false, true}) {
    for (const Interval range :
         {percentile_range(zeros, kInt8, symmetric, 99), mse_range(zeros, kInt8, symmetric),
          entropy_range(zeros, kInt8, symmetric)}) {
      EXPECT_EQ(range.lower, 0);
      EXPECT_EQ(range.upper, 0);
    }
  }
}

}  // namespace
}  // namespace octet
