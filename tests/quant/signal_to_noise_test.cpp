#include "octet/quant/signal_to_noise.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "octet/base/error.h"

namespace octet {
namespace {

TEST(SignalToNoise, IsARatioOfSumsInDecibels) {
  SignalToNoise ratio;
  ratio.add(at::tensor({3.0F, -4.0F}), at::tensor({3.5F, -4.0F}));
  EXPECT_EQ(ratio.signal, 25);
  EXPECT_EQ(ratio.noise, 0.25);
  EXPECT_DOUBLE_EQ(ratio.decibels(), 20);
  // A second batch adds to the sums, not to the ratio: 250 / 0.25.
  ratio.add(at::tensor({15.0F, 0.0F}), at::tensor({15.0F, 0.0F}));
  EXPECT_DOUBLE_EQ(ratio.decibels(), 30);
}

TEST(SignalToNoise, EndsOfTheScale) {
  const double infinity = std::numeric_limits<double>::infinity();
  SignalToNoise equal;
  EXPECT_EQ(equal.decibels(), infinity);
  equal.add(at::ones({2}), at::ones({2}));
  EXPECT_EQ(equal.decibels(), infinity);
  SignalToNoise noise;
  noise.add(at::zeros({2}), at::ones({2}));
  EXPECT_EQ(noise.decibels(), -infinity);
  SignalToNoise broken;
  broken.add(at::full({2}, infinity), at::ones({2}));
  EXPECT_TRUE(std::isnan(broken.decibels()));
  SignalToNoise other;
  other.add(at::ones({2}), at::full({2}, std::nan("")));
  EXPECT_TRUE(std::isnan(other.decibels()));
}

TEST(SignalToNoise, ShapesMustAgree) {
  SignalToNoise ratio;
  try {
    ratio.add(at::ones({2}), at::ones({1, 2}));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[signal to noise] the shapes (2) and (1, 2) differ");
  }
}

}  // namespace
}  // namespace octet
