// Pooling in every layout against plain loops.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "octet/kernels/average_pooling.h"
#include "octet/kernels/global_pooling.h"
#include "octet/kernels/max_pooling.h"
#include "tests/support/simd_targets.h"

namespace octet::kernels {
namespace {

constexpr Layout kLayouts[] = {Layout::kPlain, Layout::kChannelsLast, Layout::kBlocked8,
                               Layout::kBlocked16};

// Where (n, c, pixel) of an image with `pixels` pixels lies.
int64_t offset(Layout layout, int64_t channels, int64_t pixels, int64_t n, int64_t c,
               int64_t pixel) {
  int64_t lanes = 1;
  if (layout == Layout::kChannelsLast) lanes = channels;
  if (layout == Layout::kBlocked8) lanes = 8;
  if (layout == Layout::kBlocked16) lanes = 16;
  return ((n * (channels / lanes) + c / lanes) * pixels + pixel) * lanes + c % lanes;
}

class Pooling : public testing::TestWithParam<std::tuple<int64_t, Layout>> {
 protected:
  Layout layout() const { return std::get<Layout>(GetParam()); }

 private:
  SimdTarget target_{std::get<int64_t>(GetParam())};
};

TEST_P(Pooling, MaximumAndItsGradient) {
  const PoolingShape s{.batch = 2,
                       .channels = 32,
                       .in_height = 9,
                       .in_width = 7,
                       .out_height = 5,
                       .out_width = 4,
                       .kernel_h = 3,
                       .kernel_w = 3,
                       .stride_h = 2,
                       .stride_w = 2,
                       .pad_top = 1,
                       .pad_left = 1};
  const int64_t in = s.in_height * s.in_width, out = s.out_height * s.out_width;
  std::mt19937 random(1);
  std::vector<int8_t> x(s.batch * s.channels * in), y(s.batch * s.channels * out);
  std::vector<float> dy(y.size()), dx(x.size()), expected(x.size(), 0);
  // Few values, so that windows have equal ones.
  for (int8_t& value : x) value = static_cast<int8_t>(static_cast<int>(random() % 5) - 3);
  for (float& value : dy) value = static_cast<float>(random() % 100);
  std::vector<uint8_t> winner(y.size());
  max_pool(s, layout(), x.data(), y.data(), winner.data());
  max_pool_backward(s, layout(), dy.data(), winner.data(), dx.data());
  for (int64_t n = 0; n < s.batch; ++n) {
    for (int64_t c = 0; c < s.channels; ++c) {
      for (int64_t pixel = 0; pixel < out; ++pixel) {
        const int64_t top = pixel / s.out_width * 2 - 1, left = pixel % s.out_width * 2 - 1;
        int64_t best = -1;
        for (int64_t i = std::max<int64_t>(top, 0); i < std::min(top + 3, s.in_height); ++i) {
          for (int64_t j = std::max<int64_t>(left, 0); j < std::min(left + 3, s.in_width); ++j) {
            const int64_t at = offset(layout(), s.channels, in, n, c, i * s.in_width + j);
            if (best < 0 || x[at] > x[best]) best = at;
          }
        }
        const int64_t to = offset(layout(), s.channels, out, n, c, pixel);
        ASSERT_EQ(y[to], x[best]);
        expected[best] += dy[to];
      }
    }
  }
  EXPECT_EQ(dx, expected);
  std::vector<int8_t> without_winner(y.size());
  max_pool(s, layout(), x.data(), without_winner.data(), nullptr);
  EXPECT_EQ(without_winner, y);
}

TEST_P(Pooling, AverageAndItsGradient) {
  const PoolingShape s{.batch = 2,
                       .channels = 32,
                       .in_height = 6,
                       .in_width = 5,
                       .out_height = 3,
                       .out_width = 3,
                       .kernel_h = 3,
                       .kernel_w = 2,
                       .stride_h = 2,
                       .stride_w = 2,
                       .pad_top = 1,
                       .pad_left = 1};
  const int64_t in = s.in_height * s.in_width, out = s.out_height * s.out_width;
  std::mt19937 random(4);
  std::vector<uint8_t> x(s.batch * s.channels * in);
  std::vector<float> y(s.batch * s.channels * out), dy(y.size()), dx(x.size());
  std::vector<float> factors(out), expected(x.size(), 0);
  for (uint8_t& value : x) value = static_cast<uint8_t>(random());
  // Whole numbers, so that the order of sums does not matter.
  for (float& value : dy) value = static_cast<float>(random() % 100);
  for (float& factor : factors) factor = static_cast<float>(1 + random() % 3);
  average_pool(s, layout(), x.data(), 100, factors, y.data());
  average_pool_backward(s, layout(), dy.data(), factors, dx.data());
  for (int64_t n = 0; n < s.batch; ++n) {
    for (int64_t c = 0; c < s.channels; ++c) {
      for (int64_t pixel = 0; pixel < out; ++pixel) {
        const int64_t top = pixel / s.out_width * 2 - 1, left = pixel % s.out_width * 2 - 1;
        const int64_t from = offset(layout(), s.channels, out, n, c, pixel);
        int64_t total = 0;
        for (int64_t i = std::max<int64_t>(top, 0); i < std::min(top + 3, s.in_height); ++i) {
          for (int64_t j = std::max<int64_t>(left, 0); j < std::min(left + 2, s.in_width); ++j) {
            const int64_t at = offset(layout(), s.channels, in, n, c, i * s.in_width + j);
            total += x[at] - 100;
            expected[at] += dy[from] * factors[pixel];
          }
        }
        ASSERT_EQ(y[from], static_cast<float>(total) * factors[pixel]);
      }
    }
  }
  EXPECT_EQ(dx, expected);
}

TEST_P(Pooling, SumsOfPixelsAndBack) {
  const Shape shape{2, 32, 5, 3};
  std::mt19937 random(2);
  std::vector<uint8_t> x(shape.num_elements());
  for (uint8_t& value : x) value = static_cast<uint8_t>(random());
  std::vector<float> sums(2 * 32), spread(x.size());
  sum_pixels(x.data(), shape, layout(), 100, sums.data());
  spread_to_pixels(sums.data(), shape, layout(), 0.5F, spread.data());
  for (int64_t n = 0; n < 2; ++n) {
    for (int64_t c = 0; c < 32; ++c) {
      int64_t total = 0;
      for (int64_t pixel = 0; pixel < 15; ++pixel) {
        const int64_t at = offset(layout(), 32, 15, n, c, pixel);
        total += x[at] - 100;
        ASSERT_EQ(spread[at], 0.5F * sums[n * 32 + c]);
      }
      ASSERT_EQ(sums[n * 32 + c], static_cast<float>(total));
    }
  }
}

TEST_P(Pooling, MaximumOfWhatIsNoNumber) {
  const PoolingShape s{.batch = 1,
                       .channels = 16,
                       .in_height = 2,
                       .in_width = 4,
                       .out_height = 1,
                       .out_width = 2,
                       .kernel_h = 2,
                       .kernel_w = 2,
                       .stride_h = 2,
                       .stride_w = 2};
  std::vector<float> x(s.channels * 8, 1.0F), y(s.channels * 2);
  for (int64_t c = 0; c < s.channels; ++c) x[offset(layout(), s.channels, 8, 0, c, 1)] = NAN;
  max_pool(s, layout(), x.data(), y.data(), nullptr);
  for (int64_t c = 0; c < s.channels; ++c) {
    EXPECT_TRUE(std::isnan(y[offset(layout(), s.channels, 2, 0, c, 0)]));
    EXPECT_EQ(y[offset(layout(), s.channels, 2, 0, c, 1)], 1.0F);
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, Pooling,
                         testing::Combine(testing::ValuesIn(simd_targets()),
                                          testing::ValuesIn(kLayouts)),
                         [](const auto& info) {
                           return fmt::format("{}_{}", hwy::TargetName(std::get<0>(info.param)),
                                              static_cast<int>(std::get<1>(info.param)));
                         });

TEST(SumImages, AddsRowsOfChannels) {
  const std::vector<float> sums{1, 2, 3, 10, 20, 30};
  std::vector<float> total(3, -1);
  sum_images(sums.data(), 2, 3, total.data());
  EXPECT_EQ(total, (std::vector<float>{11, 22, 33}));
}

}  // namespace
}  // namespace octet::kernels
