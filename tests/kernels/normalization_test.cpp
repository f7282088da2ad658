// Batch normalization against its formula in float64, on each instruction set of the machine.

#include "octet/kernels/normalization.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "octet/kernels/quantize.h"
#include "tests/support/gradient_elements.h"
#include "tests/support/kernel_data.h"
#include "tests/support/simd_targets.h"

namespace octet::kernels {
namespace {

struct Case {
  Shape shape;
  Layout layout;
};

// All layouts; channels that fill no vector; rows for several pieces; one channel; few pixels.
const Case kCases[] = {
    {{3, 5, 7, 9}, Layout::kPlain},
    {{2, 1, 3, 5}, Layout::kPlain},
    {{2, 3, 200, 190}, Layout::kPlain},
    {{4, 20, 5, 3}, Layout::kChannelsLast},
    {{2, 3, 150, 140}, Layout::kChannelsLast},
    {{3, 160, 20, 21}, Layout::kChannelsLast},
    {{2, 24, 9, 11}, Layout::kBlocked8},
    {{2, 16, 80, 70}, Layout::kBlocked8},
    {{3, 48, 7, 7}, Layout::kBlocked16},
    {{2, 3, 1, 1}, Layout::kPlain},
};

// One value for each channel, of its own.
struct Channels {
  std::vector<float> gamma, beta;

  explicit Channels(int64_t count) : gamma(normal(11, count, 1)), beta(normal(12, count, 2)) {}
};

class NormalizationLoops : public OnEverySimdTarget {
 protected:
  struct Job {
    ChannelRows rows;
    std::vector<float> x;
    Channels channels;
    Normalization normalization;
    std::vector<float> scratch;

    Job(const Case& c, const Normalization::Options& options)
        : rows(channel_rows(c.shape, c.layout)),
          x(normal(5, rows.elements(), 3)),
          channels(rows.channels()),
          normalization(rows, options),
          scratch(normalization.scratch_bytes() / sizeof(float)) {
      // Means far from 0, and channels of different width.
      for (int64_t i = 0; i < rows.elements(); ++i) {
        x[i] = x[i] * static_cast<float>(1 + channel(i) % 4) + static_cast<float>(channel(i)) * 5;
      }
      if (options.batch_statistics) {
        normalization.compute_statistics(x.data(), scratch.data());
      } else {
        const std::vector<float> variance(rows.channels(), 9.0F);
        normalization.set_statistics(channels.beta.data(), variance.data());
      }
      normalization.set_parameters(channels.gamma.data(), channels.beta.data());
    }

    int64_t channel(int64_t element) const {
      const int64_t row = element / rows.lanes;
      return rows.first_channel(row) + element % rows.lanes;
    }
    int64_t values() const { return rows.elements() / rows.channels(); }
    std::vector<uint8_t> bits() const {
      return std::vector<uint8_t>(normalization.passes_bytes(), 0xA5);
    }

    // Where the gradient bit of an element lies (row_pieces.h).
    bool passes(const std::vector<uint8_t>& bits, int64_t element) const {
      if (rows.lanes > 1) {
        const int64_t row = element / rows.lanes, lane = element % rows.lanes;
        return (bits[row * bit_row_bytes(rows) + lane / 8] >> (lane % 8) & 1) != 0;
      }
      const int64_t run = rows.blocks == 1 ? rows.elements() : rows.inner;
      const int64_t in_run = element % run;
      return (bits[element / run * ((run + 7) / 8) + in_run / 8] >> (in_run % 8) & 1) != 0;
    }

    template <class Term>
    std::vector<double> channel_sums(const Term& term) const {
      std::vector<double> sums(rows.channels());
      for (int64_t i = 0; i < rows.elements(); ++i) sums[channel(i)] += term(i);
      return sums;
    }
  };
};

// Of sums of some thousand values: a few eps.
constexpr double kSums = 8 * std::numeric_limits<float>::epsilon();

TEST_P(NormalizationLoops, StatisticsAreThoseOfEachChannel) {
  for (const Case& c : kCases) {
    const Job job(c, {});
    const auto count = static_cast<double>(job.values());
    const std::vector<double> sums = job.channel_sums([&](int64_t i) { return job.x[i]; });
    const std::vector<double> squares = job.channel_sums([&](int64_t i) {
      const double distance = job.x[i] - sums[job.channel(i)] / count;
      return distance * distance;
    });
    for (int64_t channel = 0; channel < job.rows.channels(); ++channel) {
      const double mean = sums[channel] / count, variance = squares[channel] / count;
      ASSERT_NEAR(job.normalization.mean()[channel], mean,
                  kSums * (std::abs(mean) + std::sqrt(variance)));
      // The first value may lie some deviations from the mean: what its square is larger by.
      ASSERT_NEAR(job.normalization.variance()[channel], variance, 8 * kSums * variance);
    }
  }
}

TEST_P(NormalizationLoops, TheSameForAnyNumberOfThreads) {
  for (const Case& c : kCases) {
    std::vector<float> means[2], variances[2];
    for (const int threads : {1, 2}) {
      const OpenMPThreads limit(threads);
      const Job job(c, {});
      means[threads - 1].assign(job.normalization.mean().begin(), job.normalization.mean().end());
      variances[threads - 1].assign(job.normalization.variance().begin(),
                                    job.normalization.variance().end());
    }
    EXPECT_EQ(means[0], means[1]);
    EXPECT_EQ(variances[0], variances[1]);
  }
}

TEST_P(NormalizationLoops, NormalizesAndActivates) {
  for (const Case& c : kCases) {
    for (const bool batch : {true, false}) {
      const Job job(c, {.epsilon = 0.5F, .batch_statistics = batch});
      for (const Activation activation :
           {Activation::kNone, Activation::kReLU, Activation::kReLU6}) {
        const double high = activation == Activation::kReLU6 ? 6 : INFINITY;
        std::vector<float> y(job.rows.elements());
        std::vector<uint8_t> bits = job.bits();
        job.normalization.normalize(job.x.data(), activation, y.data(), bits.data());
        for (int64_t i = 0; i < job.rows.elements(); ++i) {
          const int64_t channel = job.channel(i);
          const double deviation = std::sqrt(job.normalization.variance()[channel] + 0.5);
          const double scale = job.channels.gamma[channel] / deviation;
          const double exact =
              (job.x[i] - job.normalization.mean()[channel]) * scale + job.channels.beta[channel];
          const bool cut = activation != Activation::kNone && (exact <= 0 || exact >= high);
          const double expected =
              activation == Activation::kNone ? exact : std::clamp(exact, 0.0, high);
          const double eps = kSums * (1 + std::abs(exact) + std::abs(job.channels.beta[channel]));
          ASSERT_NEAR(y[i], expected, eps);
          if (activation == Activation::kNone) continue;
          if (std::abs(exact) > eps && std::abs(exact - high) > eps) {
            ASSERT_EQ(job.passes(bits, i), !cut) << i;
          }
        }
      }
    }
  }
}

TEST_P(NormalizationLoops, QuantizesWhatItNormalizes) {
  for (const Case& c : kCases) {
    const Job job(c, {});
    const int64_t count = job.rows.elements();
    for (const Activation activation : {Activation::kNone, Activation::kReLU, Activation::kReLU6}) {
      for (const RoundMode mode : {RoundMode::HALF_TO_EVEN, RoundMode::HALF_AWAY_FROM_ZERO}) {
        Requantization output;
        output.activation = activation;
        output.round_mode = mode;
        output.zero_point = 3;
        std::vector<float> y(count);
        job.normalization.normalize(job.x.data(), Activation::kNone, y.data(), nullptr);
        std::vector<int8_t> expected(count), given(count);
        std::vector<uint8_t> expected_bits((count + 7) / 8), bits = job.bits();
        ASSERT_TRUE(
            quantize(y.data(), output, 0.03F, count, expected.data(), expected_bits.data()));
        ASSERT_TRUE(
            job.normalization.quantize(job.x.data(), output, 0.03F, given.data(), bits.data()));
        ASSERT_EQ(expected, given);
        for (int64_t i = 0; i < count; ++i) {
          ASSERT_EQ(job.passes(bits, i), bit(expected_bits, i)) << i;
        }
      }
    }
  }
}

TEST_P(NormalizationLoops, SaysWhatIsNotFinite) {
  for (const Case& c : kCases) {
    Job job(c, {.batch_statistics = false});
    std::vector<int8_t> q(job.rows.elements());
    job.x.back() = std::numeric_limits<float>::quiet_NaN();
    EXPECT_FALSE(job.normalization.quantize(job.x.data(), {}, 1, q.data(), nullptr));
    std::vector<float> y(job.rows.elements());
    job.normalization.normalize(job.x.data(), Activation::kReLU, y.data(), nullptr);
    EXPECT_TRUE(std::isnan(y.back()));
  }
}

TEST_P(NormalizationLoops, Gradients) {
  for (const Case& c : kCases) {
    for (const auto& [half_in, half_out] :
         {std::pair(false, false), std::pair(true, false), std::pair(true, true)}) {
      for (const bool batch : {true, false}) {
        for (const bool masked : {true, false}) {
          Job job(c, {.batch_statistics = batch});
          const int64_t count = job.rows.elements();
          Elements dy = random_elements(count, half_in, 3), dx(count, half_out);
          const std::vector<uint8_t> bits = random_bits(job.normalization.passes_bytes(), 4);
          const Normalization::Incoming incoming{
              .dy = dy.gradient(), .passes = masked ? bits.data() : nullptr, .factor = 0.75F};
          std::vector<float> dgamma(job.rows.channels()), dbeta(job.rows.channels());
          job.normalization.parameter_gradients(job.x.data(), incoming, dgamma.data(), dbeta.data(),
                                                job.scratch.data());
          job.normalization.input_gradient(job.x.data(), incoming, dx.gradient());

          const auto gradient = [&](int64_t i) {
            return !masked || job.passes(bits, i) ? 0.75 * dy[i] : 0.0;
          };
          const auto normal = [&](int64_t i) {
            const int64_t channel = job.channel(i);
            return (job.x[i] - job.normalization.mean()[channel]) /
                   std::sqrt(job.normalization.variance()[channel] + 1e-5);
          };
          const std::vector<double> sums = job.channel_sums(gradient);
          const std::vector<double> products =
              job.channel_sums([&](int64_t i) { return gradient(i) * normal(i); });
          // Sums of terms of either sign: eps of what they would be without signs.
          const std::vector<double> sum_sizes =
              job.channel_sums([&](int64_t i) { return std::abs(gradient(i)); });
          const std::vector<double> product_sizes =
              job.channel_sums([&](int64_t i) { return std::abs(gradient(i) * normal(i)); });
          const auto all = static_cast<double>(job.values());
          for (int64_t channel = 0; channel < job.rows.channels(); ++channel) {
            ASSERT_NEAR(dbeta[channel], sums[channel], kSums * sum_sizes[channel]);
            ASSERT_NEAR(dgamma[channel], products[channel], kSums * product_sizes[channel]);
          }
          for (int64_t i = 0; i < count; ++i) {
            const int64_t channel = job.channel(i);
            const double scale = job.channels.gamma[channel] /
                                 std::sqrt(job.normalization.variance()[channel] + 1e-5);
            double expected = gradient(i);
            if (batch) {
              expected -= sums[channel] / all + normal(i) * products[channel] / all;
            }
            expected *= scale;
            const double size = std::abs(scale) * (1 + std::abs(normal(i))) *
                                (1 + std::abs(job.normalization.mean()[channel]));
            const double rounding = half_out ? std::abs(expected) / 256 : 0;
            ASSERT_NEAR(dx[i], expected, 4 * kSums * size + rounding) << i;
          }
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(SimdTargets, NormalizationLoops, ::testing::ValuesIn(simd_targets()),
                         simd_target_name);

}  // namespace
}  // namespace octet::kernels
