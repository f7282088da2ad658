#include "octet/kernels/softmax_cross_entropy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "tests/support/simd_targets.h"

namespace octet::kernels {
namespace {

class SoftmaxCrossEntropyKernel : public OnEverySimdTarget {};

constexpr float kEps = std::numeric_limits<float>::epsilon();

TEST_P(SoftmaxCrossEntropyKernel, IsTheDefinition) {
  std::mt19937 engine(2);
  std::normal_distribution<float> normal(0, 5);
  for (const int64_t classes : {1, 2, 7, 10, 33, 1000}) {
    constexpr int64_t kRows = 5;
    std::vector<float> x(kRows * classes), loss(kRows), gradient(x.size()), alone(kRows);
    for (float& value : x) value = normal(engine);
    std::vector<int64_t> labels(kRows);
    for (int64_t& label : labels) label = static_cast<int64_t>(engine() % classes);
    softmax_cross_entropy(x.data(), labels.data(), kRows, classes, loss.data(), gradient.data());
    softmax_cross_entropy(x.data(), labels.data(), kRows, classes, alone.data(), nullptr);
    EXPECT_EQ(alone, loss);
    for (int64_t row = 0; row < kRows; ++row) {
      const float* scores = x.data() + row * classes;
      double sum = 0;
      for (int64_t i = 0; i < classes; ++i) sum += std::exp(double{scores[i]});
      const double wanted = std::log(sum) - scores[labels[row]];
      // Scores of up to 20 and their exponentials, each some eps from the true one.
      EXPECT_NEAR(loss[row], wanted, 40 * kEps) << classes;
      for (int64_t i = 0; i < classes; ++i) {
        const double p = std::exp(double{scores[i]}) / sum - (i == labels[row] ? 1 : 0);
        EXPECT_NEAR(gradient[row * classes + i], p, 40 * kEps) << classes;
      }
    }
  }
}

TEST_P(SoftmaxCrossEntropyKernel, LargeScoresDoNotOverflowAndMaskedOnesAreZero) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> x{1000, -1000, -infinity};
  const int64_t label = 1;
  float loss = 0;
  std::vector<float> gradient(3);
  softmax_cross_entropy(x.data(), &label, 1, 3, &loss, gradient.data());
  EXPECT_EQ(loss, 2000);
  EXPECT_EQ(gradient, (std::vector<float>{1, -1, 0}));
}

TEST_P(SoftmaxCrossEntropyKernel, NoClassMeansNoLoss) {
  const std::vector<float> x(6, 2);
  const std::vector<int64_t> labels{-1, 1};
  std::vector<float> loss(2, 7), gradient(6, 7);
  softmax_cross_entropy(x.data(), labels.data(), 2, 3, loss.data(), gradient.data());
  EXPECT_EQ(loss[0], 0);
  EXPECT_GT(loss[1], 0);
  EXPECT_EQ(std::vector<float>(gradient.begin(), gradient.begin() + 3), std::vector<float>(3, 0));
}

TEST_P(SoftmaxCrossEntropyKernel, WhatIsNoNumberStaysSo) {
  for (const size_t place : {0U, 8U, 9U}) {
    std::vector<float> x(10, 1), gradient(10);
    x[place] = std::numeric_limits<float>::quiet_NaN();
    const int64_t label = 3;
    float loss = 0;
    softmax_cross_entropy(x.data(), &label, 1, 10, &loss, gradient.data());
    EXPECT_TRUE(std::isnan(loss)) << place;
    EXPECT_TRUE(std::isnan(gradient[0])) << place;
  }
}

TEST_P(SoftmaxCrossEntropyKernel, GradientsOfRowsAreScaled) {
  const std::vector<float> gradient{1, 2, 3, 4}, dloss{2, -1};
  std::vector<float> dx(4);
  softmax_cross_entropy_backward(gradient.data(), dloss.data(), 2, 2, dx.data());
  EXPECT_EQ(dx, (std::vector<float>{2, 4, -3, -4}));
}

INSTANTIATE_TEST_SUITE_P(Targets, SoftmaxCrossEntropyKernel, ::testing::ValuesIn(simd_targets()),
                         simd_target_name);

}  // namespace
}  // namespace octet::kernels
