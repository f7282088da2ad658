#include "octet/quant/finite.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/quant/test_support.h"

namespace octet {
namespace {

const double kInfinity = std::numeric_limits<double>::infinity();

TEST(CheckFinite, CountsWhatIsNotANumber) {
  at::Tensor x = at::ones({10});
  EXPECT_EQ(message_of([&] { check_finite(x, "conv1"); }), "no error");
  x[3] = std::nan("");
  x[4] = kInfinity;
  x[5] = -kInfinity;
  EXPECT_EQ(message_of([&] { check_finite(x, "conv1"); }),
            "[conv1] 3 of 10 values are NaN or infinite");
  EXPECT_THROW(check_finite(x, "conv1"), NonFiniteError);
}

TEST(CheckFinite, LargeNumbersMayHaveAnInfiniteSum) {
  const float largest = std::numeric_limits<float>::max();
  EXPECT_EQ(message_of([&] { check_finite(at::full({10}, largest), "x"); }), "no error");
  EXPECT_EQ(message_of([] { check_finite(at::ones({3}, at::kInt), "x"); }), "no error");
}

TEST(CheckScale, IsPositiveAndFinite) {
  EXPECT_EQ(message_of([] { check_scale(at::full({1, 3}, 0.5), "q"); }), "no error");
  for (const auto& [value, text] : {std::pair(0.0, "0"), {-0.5, "-0.5"}, {kInfinity, "inf"}}) {
    at::Tensor scale = at::ones({1, 3});
    scale[0][1] = value;
    EXPECT_EQ(message_of([&] { check_scale(scale, "q"); }),
              fmt::format("[q] the scale {} is not a positive number", text));
  }
  EXPECT_EQ(message_of([] { check_scale(at::full({1}, std::nan("")), "q"); }),
            "[q] the scale nan is not a positive number");
}

}  // namespace
}  // namespace octet
