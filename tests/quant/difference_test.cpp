#include "octet/quant/difference.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "octet/base/error.h"

namespace octet {
namespace {

TEST(Difference, CountsOverSeveralTensors) {
  Difference difference;
  difference.add(at::tensor({1.0F, 2.0F, 0.0F, -4.0F}), at::tensor({1.0F, 3.0F, 0.0F, -2.0F}));
  EXPECT_EQ(difference.elements, 4);
  EXPECT_EQ(difference.max_absolute, 2);
  EXPECT_EQ(difference.mean_absolute(), 0.75);
  EXPECT_EQ(difference.max_relative, 0.5);
  EXPECT_NEAR(difference.mean_relative(), (1.0 / 3 + 0.5) / 4, 1e-12);
  EXPECT_EQ(difference.share(), 50);
  EXPECT_FALSE(difference.has_steps);
  difference.add(at::tensor({1.0F}), at::tensor({-1.0F}), at::tensor({0.5F}));
  EXPECT_EQ(difference.elements, 5);
  EXPECT_EQ(difference.max_relative, 2);
  EXPECT_EQ(difference.max_steps, 4);
  EXPECT_EQ(difference.share(), 60);
}

TEST(Difference, StepsPerChannel) {
  Difference difference;
  difference.add(at::tensor({1.0F, 1.0F}), at::tensor({2.0F, 3.0F}), at::tensor({1.0F, 4.0F}));
  EXPECT_EQ(difference.max_steps, 1);
}

TEST(Difference, NumbersThatAreNotFinite) {
  const float nan = std::nanf("");
  const float infinity = std::numeric_limits<float>::infinity();
  Difference same;
  same.add(at::tensor({nan, infinity}), at::tensor({nan, infinity}));
  EXPECT_EQ(same.max_absolute, 0);
  EXPECT_EQ(same.differing, 0);
  EXPECT_EQ(same.nans_a, 1);
  EXPECT_EQ(same.nans_b, 1);
  Difference other;
  other.add(at::tensor({nan, 1.0F}), at::tensor({1.0F, 1.0F}));
  EXPECT_EQ(other.max_absolute, infinity);
  EXPECT_EQ(other.differing, 1);
  EXPECT_EQ(other.nans_a, 1);
  EXPECT_EQ(other.nans_b, 0);
}

TEST(Difference, NothingAndShapes) {
  Difference difference;
  difference.add(at::zeros({0}), at::zeros({0}));
  EXPECT_EQ(difference.share(), 0);
  try {
    difference.add(at::zeros({2}), at::zeros({3}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[difference] the shapes (2) and (3) differ");
  }
}

}  // namespace
}  // namespace octet
