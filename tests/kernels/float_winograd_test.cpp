// Tiles in float32 against the definition in float64, on each instruction set of the machine.

#include "octet/kernels/float_winograd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "octet/kernels/channel_places.h"
#include "tests/support/simd_targets.h"

namespace octet::kernels {
namespace {

class FloatWinogradTest : public OnEverySimdTarget {};

struct Images {
  ChannelPlaces places;
  int64_t batch, height, width;
  std::vector<float> values;

  Images(int64_t n, int64_t c, int64_t h, int64_t w, Layout layout)
      : places(channel_places(c, h * w, layout)), batch(n), height(h), width(w) {
    values.resize(n * c * h * w, std::numeric_limits<float>::quiet_NaN());
  }
  float& at(int64_t n, int64_t c, int64_t row, int64_t column) {
    return values[places.offset(n, c, row * width + column)];
  }
};

void randomize(std::vector<float>& values, std::mt19937& engine) {
  std::uniform_real_distribution<float> uniform(-1, 1);
  for (float& value : values) value = uniform(engine);
}

// Calls use(n, o, i, output row, output column, tap, input row, input column).
template <class Use>
void for_each_product(const ConvolutionShape& s, const Use& use) {
  for (int64_t n = 0; n < s.batch; ++n) {
    for (int64_t o = 0; o < s.out_channels; ++o) {
      for (int64_t i = 0; i < s.in_channels; ++i) {
        for (int64_t at = 0; at < s.out_height * s.out_width * 9; ++at) {
          const int64_t tap = at % 9, oh = at / 9 / s.out_width, ow = at / 9 % s.out_width;
          const int64_t row = oh + tap / 3 - s.pad_top, column = ow + tap % 3 - s.pad_left;
          if (row < 0 || row >= s.in_height || column < 0 || column >= s.in_width) continue;
          use(n, o, i, oh, ow, tap, row, column);
        }
      }
    }
  }
}

// Sums in float64, and as float32 has them when they are added up one by one.
struct Sums {
  std::vector<double> exact;
  std::vector<float> rounded;

  explicit Sums(size_t size) : exact(size), rounded(size) {}
  void add(int64_t at, float a, float b) {
    exact[at] += static_cast<double>(a) * b;
    rounded[at] += a * b;
  }
};

// The transforms add up to sixteen terms where the definition has one, and so lose about two bits
// more than it does in float32.
void expect_near(const std::vector<float>& values, const Sums& wanted) {
  ASSERT_EQ(values.size(), wanted.exact.size());
  double worst = 0, of_definition = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_TRUE(std::isfinite(values[i])) << i;
    worst = std::max(worst, std::abs(values[i] - wanted.exact[i]));
    of_definition = std::max(of_definition, std::abs(wanted.rounded[i] - wanted.exact[i]));
  }
  EXPECT_LE(worst, 4 * of_definition);
}

void expect_right(const ConvolutionShape& s, Layout in, Layout out) {
  ASSERT_TRUE(FloatWinograd::pays(s, in, out));
  std::mt19937 engine(7);
  Images x(s.batch, s.in_channels, s.in_height, s.in_width, in), dx = x;
  Images y(s.batch, s.out_channels, s.out_height, s.out_width, out), dy = y;
  std::vector<float> w(s.out_channels * s.in_channels * 9), dw = w, bias(s.out_channels);
  for (auto* values : {&x.values, &dy.values, &w, &bias}) randomize(*values, engine);
  std::vector<float> dbias(bias.size());
  Sums wanted_y(y.values.size()), wanted_dx(x.values.size()), wanted_dw(w.size());
  Sums wanted_dbias(bias.size());
  for (int64_t n = 0; n < s.batch; ++n) {
    for (int64_t o = 0; o < s.out_channels; ++o) {
      for (int64_t pixel = 0; pixel < s.out_height * s.out_width; ++pixel) {
        wanted_y.add(y.places.offset(n, o, pixel), bias[o], 1);
        wanted_dbias.add(o, dy.values[dy.places.offset(n, o, pixel)], 1);
      }
    }
  }
  for_each_product(s, [&](int64_t n, int64_t o, int64_t i, int64_t oh, int64_t ow, int64_t tap,
                          int64_t row, int64_t column) {
    const int64_t weight = (o * s.in_channels + i) * 9 + tap;
    const int64_t from = x.places.offset(n, i, row * s.in_width + column);
    const int64_t to = y.places.offset(n, o, oh * s.out_width + ow);
    wanted_y.add(to, w[weight], x.values[from]);
    wanted_dx.add(from, w[weight], dy.values[to]);
    wanted_dw.add(weight, x.values[from], dy.values[to]);
  });
  for (const int threads : {1, 2}) {
    const OpenMPThreads limit(threads);
    const FloatWinograd tiles(s, in, out);
    std::vector<float> scratch(tiles.scratch_bytes() / 4, std::numeric_limits<float>::quiet_NaN());
    tiles.forward(x.values.data(), w.data(), bias.data(), y.values.data(), scratch.data());
    expect_near(y.values, wanted_y);
    tiles.backward_data(dy.values.data(), w.data(), dx.values.data(), scratch.data());
    expect_near(dx.values, wanted_dx);
    tiles.backward_weights(x.values.data(), dy.values.data(), dw.data(), dbias.data(),
                           scratch.data());
    expect_near(dw, wanted_dw);
    expect_near(dbias, wanted_dbias);
  }
}

ConvolutionShape shape(int64_t batch, int64_t in, int64_t out, int64_t height, int64_t width,
                       int64_t pad = 1) {
  return {.batch = batch,
          .in_channels = in,
          .in_height = height,
          .in_width = width,
          .out_channels = out,
          .out_height = height + 2 * pad - 2,
          .out_width = width + 2 * pad - 2,
          .kernel_h = 3,
          .kernel_w = 3,
          .pad_top = pad,
          .pad_left = pad};
}

TEST_P(FloatWinogradTest, IsTheDefinition) {
  expect_right(shape(2, 32, 32, 8, 8), Layout::kBlocked8, Layout::kBlocked8);
  expect_right(shape(3, 40, 56, 7, 9), Layout::kBlocked8, Layout::kChannelsLast);
  expect_right(shape(3, 64, 48, 6, 5, 2), Layout::kBlocked16, Layout::kBlocked16);
  expect_right(shape(2, 32, 40, 12, 10, 0), Layout::kChannelsLast, Layout::kBlocked8);
}

// Several parts, chunks of tiles and groups of panels.
TEST(FloatWinograd, IsTheDefinitionForLargerLayers) {
  expect_right(shape(3, 32, 40, 33, 35), Layout::kBlocked8, Layout::kBlocked8);
  expect_right(shape(5, 304, 296, 6, 6), Layout::kBlocked8, Layout::kBlocked8);
}

TEST_P(FloatWinogradTest, GivesTheSameBitsForAnyNumberOfThreads) {
  const ConvolutionShape s = shape(3, 48, 32, 14, 11);
  std::mt19937 engine(3);
  Images x(s.batch, s.in_channels, s.in_height, s.in_width, Layout::kBlocked8), y = x;
  Images dy(s.batch, s.out_channels, s.out_height, s.out_width, Layout::kBlocked8);
  std::vector<float> w(s.out_channels * s.in_channels * 9);
  for (auto* values : {&x.values, &dy.values, &w}) randomize(*values, engine);
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 3}) {
    const OpenMPThreads limit(threads);
    const FloatWinograd tiles(s, Layout::kBlocked8, Layout::kBlocked8);
    std::vector<float> scratch(tiles.scratch_bytes() / 4), forward(dy.values.size());
    std::vector<float> dx(x.values.size()), dw(w.size());
    tiles.forward(x.values.data(), w.data(), nullptr, forward.data(), scratch.data());
    tiles.backward_data(dy.values.data(), w.data(), dx.data(), scratch.data());
    tiles.backward_weights(x.values.data(), dy.values.data(), dw.data(), nullptr, scratch.data());
    for (const auto* part : {&dx, &dw}) forward.insert(forward.end(), part->begin(), part->end());
    results.push_back(forward);
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

TEST_P(FloatWinogradTest, KeepsWeights) {
  const ConvolutionShape s = shape(2, 32, 40, 8, 8);
  FloatWinograd tiles(s, Layout::kBlocked8, Layout::kBlocked8);
  std::mt19937 engine(5);
  std::vector<float> x(2 * 32 * 64), w(40 * 32 * 9), y(2 * 40 * 64), with_kept = y;
  for (auto* values : {&x, &w}) randomize(*values, engine);
  std::vector<float> scratch(tiles.scratch_bytes() / 4);
  tiles.forward(x.data(), w.data(), nullptr, y.data(), scratch.data());
  tiles.keep_weights(w.data());
  tiles.forward(x.data(), nullptr, nullptr, with_kept.data(), scratch.data());
  EXPECT_EQ(with_kept, y);
}

TEST_P(FloatWinogradTest, MakesWhatIsWantedAlone) {
  const ConvolutionShape s = shape(2, 32, 32, 8, 8);
  const FloatWinograd tiles(s, Layout::kBlocked8, Layout::kBlocked8);
  const std::vector<float> x(2 * 32 * 64, 1), dy(2 * 32 * 64, 2);
  std::vector<float> dw(32 * 32 * 9, 5), dbias(32), scratch(tiles.scratch_bytes() / 4);
  tiles.backward_weights(x.data(), dy.data(), nullptr, dbias.data(), scratch.data());
  EXPECT_EQ(dbias, std::vector<float>(32, 256));
  tiles.backward_weights(x.data(), dy.data(), dw.data(), nullptr, scratch.data());
  EXPECT_EQ(dw[4], 256);  // the middle of a window is over every pixel
  EXPECT_EQ(dw[0], 2 * 2 * 49);
}

INSTANTIATE_TEST_SUITE_P(Targets, FloatWinogradTest, ::testing::ValuesIn(simd_targets()),
                         simd_target_name);

TEST(FloatWinograd, IsForWindowsOfThreeByThreeSideBySide) {
  const Layout blocks = Layout::kBlocked8;
  EXPECT_TRUE(FloatWinograd::pays(shape(2, 64, 64, 7, 7), blocks, blocks));
  EXPECT_FALSE(FloatWinograd::pays(shape(2, 64, 64, 7, 7), blocks, Layout::kPlain));
  EXPECT_FALSE(FloatWinograd::pays(shape(2, 16, 64, 7, 7), blocks, blocks));
  EXPECT_FALSE(FloatWinograd::pays(shape(2, 64, 16, 7, 7), blocks, blocks));
  EXPECT_FALSE(FloatWinograd::pays(shape(16, 64, 64, 3, 3), blocks, blocks));  // 16 outputs for 9
  EXPECT_FALSE(FloatWinograd::pays(shape(1, 64, 64, 7, 7), blocks, blocks));   // 16 tiles
  EXPECT_FALSE(FloatWinograd::pays(shape(2, 64, 64, 7, 7, 3), blocks, blocks));
  ConvolutionShape s = shape(2, 64, 64, 7, 7);
  s.groups = 2;
  EXPECT_FALSE(FloatWinograd::pays(s, blocks, blocks));
  s = shape(2, 64, 64, 7, 7);
  s.stride_w = 2;
  EXPECT_FALSE(FloatWinograd::pays(s, blocks, blocks));
}

}  // namespace
}  // namespace octet::kernels
