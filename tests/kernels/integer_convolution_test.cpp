#include "octet/kernels/integer_convolution.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "octet/base/error.h"
#include "tests/support/requantization_reference.h"
#include "tests/support/simd_targets.h"

namespace octet::kernels {
namespace {

struct Case {
  ConvolutionShape shape;
  bool signed_x = true;
  Layout in = Layout::kChannelsLast, out = Layout::kChannelsLast;
  int32_t x_zero_point = 0;
  bool signed_y = true;
  bool rectified = false;  // no x is below its zero point
  RequantizationData data;
  std::vector<uint8_t> x;       // bytes of the integers, in the layout
  std::vector<int8_t> weights;  // OIHW
};

std::string describe(const Case& c) {
  const ConvolutionShape& s = c.shape;
  std::string text;
  for (const int64_t value :
       {s.batch, s.groups, s.in_channels, s.in_height, s.in_width, s.out_channels, s.out_height,
        s.out_width, s.kernel_h, s.kernel_w, s.stride_h, s.stride_w, s.dilation_h, s.dilation_w,
        s.pad_top, s.pad_left, int64_t(c.in), int64_t(c.out)}) {
    text += std::to_string(value) + " ";
  }
  return text;
}

Shape in_shape(const ConvolutionShape& s) {
  return {s.batch, s.in_channels, s.in_height, s.in_width};
}
Shape out_shape(const ConvolutionShape& s) {
  return {s.batch, s.out_channels, s.out_height, s.out_width};
}

int64_t spatial(const Shape& shape) {
  return shape[2] * shape[3];
}

// Where layout.h puts the element, and its row and lane.
struct Place {
  int64_t offset, row, lane;
};
Place place(const Shape& shape, Layout layout, int64_t n, int64_t c, int64_t pixel) {
  const ChannelRows rows = channel_rows(shape, layout);
  const bool channels_last = rows.blocks == 1 && rows.inner == 1;
  const int64_t row = channels_last ? n * spatial(shape) + pixel
                                    : (n * rows.blocks + c / rows.lanes) * rows.inner + pixel;
  return {row * rows.lanes + c % rows.lanes, row, c % rows.lanes};
}

void fill_full_range(std::mt19937_64& engine, auto& values) {
  // Extremes often: sums as large as they get.
  const uint64_t extremes = engine() % 3;
  for (auto& value : values) {
    const uint64_t bits = engine();
    value = static_cast<std::remove_reference_t<decltype(value)>>(bits);
    if (extremes != 0 && bits >> 32 & 1) value = extremes == 1 ? -128 : 127;
  }
}

Layout some_layout(uint64_t choice, int64_t channels) {
  constexpr Layout kLayouts[] = {Layout::kChannelsLast, Layout::kBlocked8, Layout::kPlain,
                                 Layout::kBlocked16};
  const Layout layout = kLayouts[choice % 4];
  const int64_t block = layout == Layout::kBlocked8 ? 8 : layout == Layout::kBlocked16 ? 16 : 1;
  return channels % block == 0 ? layout : Layout::kChannelsLast;
}

void fill(Case& c, std::mt19937_64& engine) {
  c.signed_x = engine() % 2 == 0;
  c.signed_y = engine() % 2 == 0;
  c.in = some_layout(engine(), c.shape.in_channels);
  c.out = some_layout(engine(), c.shape.out_channels);
  c.x_zero_point = static_cast<int32_t>(engine() % 256) - (c.signed_x ? 128 : 0);
  c.data = random_requantization(engine, c.shape.out_channels, c.signed_y);
  c.x.resize(in_shape(c.shape).num_elements());
  fill_full_range(engine, c.x);
  c.weights.resize(c.shape.out_channels * c.shape.in_channels / c.shape.groups * c.shape.kernel_h *
                   c.shape.kernel_w);
  fill_full_range(engine, c.weights);
  // Multipliers of one step for a typical sum, so that not everything saturates.
  const double typical = 2000 * std::sqrt(double(c.weights.size()) / double(c.shape.out_channels));
  for (float& m : c.data.multiplier) m *= static_cast<float>(40 / typical);
}

Case random_case(uint64_t seed) {
  std::mt19937_64 engine(seed);
  const auto below = [&](uint64_t bound) { return static_cast<int64_t>(engine() % bound); };
  Case c;
  ConvolutionShape& s = c.shape;
  s.batch = 1 + below(4);
  switch (below(4)) {
    case 0:
      s.groups = 1 + below(4);
      s.in_channels = s.groups * (1 + below(20));
      s.out_channels = s.groups * (1 + below(20));
      break;
    case 1:
      s.groups = s.in_channels = s.out_channels =
          below(2) == 0 ? 8 * (1 + below(16)) : 1 + below(90);
      break;
    case 2:
      s.in_channels = 8 * (1 + below(24));
      s.out_channels = 8 * (1 + below(12));
      break;
    default:
      s.in_channels = 1 + below(5);
      s.out_channels = 1 + below(40);
  }
  const bool pointwise = below(3) == 0;
  s.kernel_h = pointwise ? 1 : 1 + below(5);
  s.kernel_w = pointwise ? 1 : 1 + below(5);
  s.stride_h = 1 + below(3);
  s.stride_w = 1 + below(3);
  s.dilation_h = 1 + below(2);
  s.dilation_w = below(3) == 0 ? 2 + below(2) : 1;
  s.pad_top = below(4);
  s.pad_left = below(4);
  // From the output's size back, with rows and columns that are left over or in the padding.
  s.out_height = 1 + below(12);
  s.out_width = 1 + below(16);
  const auto extent = [&](int64_t out, int64_t kernel, int64_t stride, int64_t dilation,
                          int64_t pad) {
    const int64_t window = (out - 1) * stride + (kernel - 1) * dilation + 1;
    return std::max<int64_t>(1, window - pad - below(3) + below(2));
  };
  s.in_height = extent(s.out_height, s.kernel_h, s.stride_h, s.dilation_h, s.pad_top);
  s.in_width = extent(s.out_width, s.kernel_w, s.stride_w, s.dilation_w, s.pad_left);
  fill(c, engine);
  return c;
}

// x - x_zero_point, (N, C, H, W).
std::vector<int32_t> centred_x(const Case& c) {
  const Shape shape = in_shape(c.shape);
  std::vector<int32_t> values;
  for (int64_t n = 0; n < shape[0]; ++n) {
    for (int64_t channel = 0; channel < shape[1]; ++channel) {
      for (int64_t pixel = 0; pixel < spatial(shape); ++pixel) {
        const uint8_t byte = c.x[place(shape, c.in, n, channel, pixel).offset];
        values.push_back((c.signed_x ? static_cast<int8_t>(byte) : byte) - c.x_zero_point);
      }
    }
  }
  return values;
}

int64_t sum_at(const Case& c, const std::vector<int32_t>& x, int64_t n, int64_t out, int64_t row,
               int64_t column) {
  const ConvolutionShape& s = c.shape;
  const int64_t group_in = s.in_channels / s.groups, group_out = s.out_channels / s.groups;
  const int8_t* w = c.weights.data() + out * group_in * s.kernel_h * s.kernel_w;
  const int64_t first = n * s.in_channels + out / group_out * group_in;
  int64_t sum = 0;
  for (int64_t i = 0; i < group_in; ++i) {
    for (int64_t ky = 0; ky < s.kernel_h; ++ky) {
      const int64_t y = row * s.stride_h + ky * s.dilation_h - s.pad_top;
      for (int64_t kx = 0; kx < s.kernel_w; ++kx, ++w) {
        const int64_t at = column * s.stride_w + kx * s.dilation_w - s.pad_left;
        if (y < 0 || y >= s.in_height || at < 0 || at >= s.in_width) continue;
        sum += int64_t{*w} * x[((first + i) * s.in_height + y) * s.in_width + at];
      }
    }
  }
  return sum;
}

struct Result {
  std::vector<int32_t> sums;
  std::vector<uint8_t> y, passes;
  bool operator==(const Result&) const = default;
};

Result empty_result(const Case& c, uint8_t byte) {
  const Shape shape = out_shape(c.shape);
  const ChannelRows rows = channel_rows(shape, c.out);
  return {std::vector<int32_t>(shape.num_elements(), byte),
          std::vector<uint8_t>(shape.num_elements(), byte),
          std::vector<uint8_t>(rows.rows() * bit_row_bytes(rows), byte)};
}

Result expected(const Case& c) {
  Result result = empty_result(c, 0);
  const ConvolutionShape& s = c.shape;
  const int64_t row_bytes = bit_row_bytes(channel_rows(out_shape(s), c.out));
  const Requantization requantization = c.data.view();
  const std::vector<int32_t> x = centred_x(c);
  for (int64_t n = 0; n < s.batch; ++n) {
    for (int64_t channel = 0; channel < s.out_channels; ++channel) {
      for (int64_t pixel = 0; pixel < s.out_height * s.out_width; ++pixel) {
        const auto sum = static_cast<int32_t>(
            sum_at(c, x, n, channel, pixel / s.out_width, pixel % s.out_width));
        const Requantized one = requantized(sum, requantization, channel);
        const Place at = place(out_shape(s), c.out, n, channel, pixel);
        result.sums[at.offset] = sum;
        result.y[at.offset] = static_cast<uint8_t>(one.y);
        if (!one.passes) continue;
        result.passes[at.row * row_bytes + at.lane / 8] |= uint8_t(1U << (at.lane % 8));
      }
    }
  }
  return result;
}

// Filled before, so that what isn't written shows.
Result computed(const Case& c, IntegerConvolution& convolution) {
  Result result = empty_result(c, 0x55);
  convolution.accumulate(c.x.data(), c.x_zero_point, {}, result.sums.data());
  convolution.run(c.x.data(), c.x_zero_point, c.data.view(), result.y.data(), result.passes.data());
  return result;
}

void expect_right(const Case& c) {
  SCOPED_TRACE(describe(c));
  const Result wanted = expected(c);
  for (const int threads : {1, 2}) {
    const OpenMPThreads limit(threads);
    IntegerConvolution convolution(c.shape, c.signed_x, c.in, c.out, c.rectified);
    convolution.pack_weights(c.weights.data(), c.x_zero_point);
    const Result result = computed(c, convolution);
    ASSERT_TRUE(result.sums == wanted.sums) << threads << " threads";
    ASSERT_TRUE(result.y == wanted.y) << threads << " threads";
    ASSERT_TRUE(result.passes == wanted.passes) << threads << " threads";
    // Without gradient bits numbers are bounded in another way.
    std::vector<uint8_t> alone(wanted.y.size(), 0x55);
    convolution.run(c.x.data(), c.x_zero_point, c.data.view(), alone.data(), nullptr);
    ASSERT_TRUE(alone == wanted.y) << threads << " threads";
  }
}

class IntegerConvolutionTest : public OnEverySimdTarget {};

TEST_P(IntegerConvolutionTest, IsTheDefinitionForRandomLayers) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    expect_right(random_case(seed));
    if (HasFatalFailure()) return;
  }
}

// Four panels of a pixel, dense and depthwise, whose integers are made together.
TEST_P(IntegerConvolutionTest, IsTheDefinitionForWholeLinesOfChannels) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Case c = random_case(seed + 2000);
    const bool depthwise = seed % 2 == 0;
    c.shape.groups = depthwise ? 64 + 16 * (seed / 2 % 5) : 1;
    c.shape.in_channels = depthwise ? c.shape.groups : 4;
    c.shape.out_channels = depthwise ? c.shape.groups : 64 + 16 * (seed / 2 % 5);
    std::mt19937_64 engine(seed);
    fill(c, engine);
    c.in = c.out = Layout::kChannelsLast;
    if (seed % 3 != 0) {
      c.data.bias.clear();
      c.data.offset.clear();
    }
    expect_right(c);
    if (HasFatalFailure()) return;
  }
}

// Behind a ReLU: products of bytes, where the weights allow them. Mostly small weights with some
// large ones among them, as networks have; and only small or only large ones.
TEST_P(IntegerConvolutionTest, IsTheDefinitionForRectifiedInputs) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    Case c = random_case(seed + 1000);
    c.rectified = true;
    std::mt19937_64 engine(seed);
    if (seed % 3 != 0) c.x_zero_point = c.signed_x ? -static_cast<int32_t>(seed % 2 * 128) : 0;
    for (uint8_t& byte : c.x) {
      const int32_t x = c.signed_x ? static_cast<int8_t>(byte) : byte;
      byte = static_cast<uint8_t>(std::max(x, c.x_zero_point));
    }
    const uint64_t large = seed % 5 == 0 ? 1 : seed % 5 == 1 ? 1'000'000 : 50;  // one in so many
    for (int8_t& w : c.weights) {
      if (engine() % large != 0) w = static_cast<int8_t>(w / 4);
    }
    expect_right(c);
    if (HasFatalFailure()) return;
  }
}

// Layers as networks have them: several channel blocks, panels, images and rows in a part.
TEST_P(IntegerConvolutionTest, IsTheDefinitionForLayersOfNetworks) {
  const ConvolutionShape shapes[] = {
      {.batch = 2,
       .in_channels = 3,
       .in_height = 30,
       .in_width = 31,
       .out_channels = 24,
       .out_height = 15,
       .out_width = 16,
       .kernel_h = 7,
       .kernel_w = 7,
       .stride_h = 2,
       .stride_w = 2,
       .pad_top = 3,
       .pad_left = 3},
      {.batch = 5,
       .in_channels = 160,
       .in_height = 4,
       .in_width = 4,
       .out_channels = 40,
       .out_height = 4,
       .out_width = 4,
       .kernel_h = 3,
       .kernel_w = 3,
       .pad_top = 1,
       .pad_left = 1},
      {.batch = 3,
       .in_channels = 1288,
       .in_height = 5,
       .in_width = 5,
       .out_channels = 72,
       .out_height = 3,
       .out_width = 3,
       .stride_h = 2,
       .stride_w = 2},
      {.batch = 7, .in_channels = 700, .out_channels = 33},
      {.batch = 2,
       .groups = 144,
       .in_channels = 144,
       .in_height = 17,
       .in_width = 17,
       .out_channels = 144,
       .out_height = 9,
       .out_width = 9,
       .kernel_h = 3,
       .kernel_w = 3,
       .stride_h = 2,
       .stride_w = 2,
       .pad_top = 1,
       .pad_left = 1},
  };
  std::mt19937_64 engine(5);
  for (const ConvolutionShape& shape : shapes) {
    for (int repeat = 0; repeat < 3; ++repeat) {
      Case c{.shape = shape};
      fill(c, engine);
      expect_right(c);
      if (HasFatalFailure()) return;
    }
  }
}

Case random_tiles_case(uint64_t seed) {
  std::mt19937_64 engine(seed);
  const auto below = [&](uint64_t bound) { return static_cast<int64_t>(engine() % bound); };
  Case c;
  ConvolutionShape& s = c.shape;
  s.batch = 1 + below(3);
  s.groups = 1 + below(5) / 4;
  s.in_channels = s.groups * 16 * (2 + below(4));
  s.out_channels = s.groups * (16 + below(40));
  s.kernel_h = s.kernel_w = 3;
  s.out_height = 3 + below(11);
  s.out_width = 3 + below(15);
  s.pad_top = below(3);
  s.pad_left = below(3);
  s.in_height = std::max<int64_t>(1, s.out_height + 2 - s.pad_top - below(3));
  s.in_width = std::max<int64_t>(1, s.out_width + 2 - s.pad_left - below(3));
  fill(c, engine);
  return c;
}

TEST_P(IntegerConvolutionTest, IsTheDefinitionByTiles) {
  int tiles = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    const Case c = random_tiles_case(seed);
    tiles += IntegerConvolution(c.shape, c.signed_x, c.in, c.out).products() == "winograd";
    expect_right(c);
    if (HasFatalFailure()) return;
  }
  // The others have too many outputs beyond an edge. With VNNI windows are quicker.
  EXPECT_GT(tiles, GetParam() == kVnniTarget ? -1 : 50);
}

// The transforms of these are as large as they get, and four times the sum is just below 2^31.
TEST_P(IntegerConvolutionTest, IsExactForTheLargestSumsByTiles) {
  constexpr int64_t kChannels = 1824;
  const ConvolutionShape shape{.in_channels = kChannels,
                               .in_height = 4,
                               .in_width = 4,
                               .out_channels = 16,
                               .out_height = 2,
                               .out_width = 2,
                               .kernel_h = 3,
                               .kernel_w = 3};
  if (GetParam() == kVnniTarget) GTEST_SKIP() << "goes by windows";
  IntegerConvolution convolution(shape, false, Layout::kChannelsLast, Layout::kChannelsLast);
  ASSERT_EQ(convolution.products(), "winograd");
  convolution.pack_weights(std::vector<int8_t>(16 * kChannels * 9, -128).data(), 0);
  const std::vector<uint8_t> x(16 * kChannels, 255), zeros(16 * kChannels, 0);
  std::vector<int32_t> sums(16 * 4);
  convolution.accumulate(x.data(), 0, {}, sums.data());
  EXPECT_EQ(sums, std::vector<int32_t>(16 * 4, -kChannels * 9 * 255 * 128));
  convolution.accumulate(zeros.data(), 255, {}, sums.data());
  EXPECT_EQ(sums, std::vector<int32_t>(16 * 4, kChannels * 9 * 255 * 128));
  ConvolutionShape more = shape;
  more.in_channels = kChannels + 16;
  IntegerConvolution beyond(more, false, Layout::kChannelsLast, Layout::kChannelsLast);
  EXPECT_EQ(beyond.products(), "int16");
}

// The largest products there are, in a sum beyond 2^24.
TEST_P(IntegerConvolutionTest, IsExactForTheLargestSums) {
  Case c;
  c.shape = {.in_channels = 2048, .out_channels = 16};
  c.signed_x = false;
  c.x.assign(2048, 255);
  c.weights.assign(2048 * 16, -128);
  IntegerConvolution convolution(c.shape, c.signed_x, c.in, c.out, c.rectified);
  convolution.pack_weights(c.weights.data(), c.x_zero_point);
  std::vector<int32_t> sums(16);
  convolution.accumulate(c.x.data(), 0, {}, sums.data());
  EXPECT_EQ(sums, std::vector<int32_t>(16, -2048 * 255 * 128));
  c.x.assign(2048, 0);
  convolution.pack_weights(c.weights.data(), 255);
  convolution.accumulate(c.x.data(), 255, {}, sums.data());
  EXPECT_EQ(sums, std::vector<int32_t>(16, 2048 * 255 * 128));
}

TEST_P(IntegerConvolutionTest, RoundsSumsInFloat32Once) {
  const int8_t weights[3] = {127, 127, 127};
  const uint8_t x[3] = {255, 255, 254};
  IntegerConvolution small({.in_channels = 3}, false, Layout::kPlain, Layout::kPlain);
  small.pack_weights(weights, 0);
  float sum = 0;
  small.accumulate(x, 0, {}, &sum);
  EXPECT_EQ(sum, float(127 * (255 + 255 + 254)));
  std::vector<uint8_t> many(2049, 255);
  std::vector<int8_t> ones(2049, 127);
  ones[0] = 1;
  IntegerConvolution large({.in_channels = 2049}, false, Layout::kPlain, Layout::kPlain);
  large.pack_weights(ones.data(), 0);
  large.accumulate(many.data(), 0, {}, &sum);
  EXPECT_EQ(sum, float(255 * (2048 * 127 + 1)));
}

TEST_P(IntegerConvolutionTest, AddsABiasToSumsBeforeTheyAreRounded) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Case c = random_case(seed);
    SCOPED_TRACE(describe(c));
    IntegerConvolution convolution(c.shape, c.signed_x, c.in, c.out, c.rectified);
    convolution.pack_weights(c.weights.data(), c.x_zero_point);
    const ChannelRows rows = channel_rows(
        {c.shape.batch, c.shape.out_channels, c.shape.out_height, c.shape.out_width}, c.out);
    std::mt19937 engine(seed);
    std::vector<int32_t> bias(c.shape.out_channels), sums(rows.elements()), with_bias(sums);
    for (int32_t& b : bias) b = static_cast<int32_t>(engine() % 200'000'000) - 100'000'000;
    std::vector<float> floats(sums.size());
    convolution.accumulate(c.x.data(), c.x_zero_point, {}, sums.data());
    convolution.accumulate(c.x.data(), c.x_zero_point, bias, with_bias.data());
    convolution.accumulate(c.x.data(), c.x_zero_point, bias, floats.data());
    for (int64_t i = 0; i < rows.elements(); ++i) {
      const int64_t channel = rows.first_channel(i / rows.lanes) + i % rows.lanes;
      ASSERT_EQ(with_bias[i], sums[i] + bias[channel]);
      ASSERT_EQ(floats[i], static_cast<float>(sums[i] + bias[channel]));
    }
  }
}

// By places; whole numbers, whatever adds them up.
TEST_P(IntegerConvolutionTest, GivesMomentsOfItsSums) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const Case c = random_case(seed);
    SCOPED_TRACE(describe(c));
    IntegerConvolution convolution(c.shape, c.signed_x, c.in, c.out, c.rectified);
    convolution.pack_weights(c.weights.data(), c.x_zero_point);
    const ChannelRows rows = channel_rows(out_shape(c.shape), c.out);
    const int64_t channels = c.shape.out_channels;
    const std::vector<int32_t> bias(channels, 7);
    std::vector<int32_t> sums(rows.elements());
    convolution.accumulate(c.x.data(), c.x_zero_point, bias, sums.data());
    std::vector<float> floats(sums.size());
    // Of a call before.
    std::vector<double> moments(convolution.moments_size(), 99);
    convolution.accumulate(c.x.data(), c.x_zero_point, bias, floats.data(), {}, moments.data());
    std::vector<double> expected(2 * channels), given(2 * channels);
    for (int64_t i = 0; i < rows.elements(); ++i) {
      ASSERT_EQ(floats[i], static_cast<float>(sums[i]));
      const int64_t channel = rows.first_channel(i / rows.lanes) + i % rows.lanes;
      expected[channel] += sums[i];
      expected[channels + channel] += static_cast<double>(sums[i]) * sums[i];
    }
    for (size_t i = 0; i < moments.size(); ++i) given[i % (2 * channels)] += moments[i];
    for (int64_t i = 0; i < 2 * channels; ++i) {
      // Exact where float64 is: some sums of squares are beyond that.
      const auto additions = static_cast<double>(rows.elements() / channels);
      const double eps = expected[i] < 0x1p53 ? 0 : additions * 0x1p-53 * expected[i];
      ASSERT_NEAR(given[i], expected[i], eps) << "value " << i << " of " << 2 * channels;
    }
  }
}

// Sums that no cache holds are written past them.
TEST_P(IntegerConvolutionTest, GivesTheSameSumsWhereTheyAreMany) {
  constexpr int64_t kSide = 370;
  const ConvolutionShape shape{.in_channels = 4,
                               .in_height = kSide,
                               .in_width = kSide,
                               .out_channels = 16,
                               .out_height = kSide,
                               .out_width = kSide};
  std::mt19937 engine(1);
  std::vector<int8_t> x(4 * kSide * kSide), weights(16 * 4);
  for (int8_t& value : x) value = static_cast<int8_t>(engine());
  for (int8_t& value : weights) value = static_cast<int8_t>(engine());
  IntegerConvolution convolution(shape, true, Layout::kChannelsLast, Layout::kChannelsLast);
  convolution.pack_weights(weights.data(), 0);
  std::vector<int32_t> expected(16 * kSide * kSide);
  const AlignedBuffer<float> given(expected.size());
  convolution.accumulate(x.data(), 0, {}, expected.data());
  convolution.accumulate(x.data(), 0, {}, given.data());
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(given.data()[i], static_cast<float>(expected[i])) << i;
  }
}

TEST_P(IntegerConvolutionTest, TakesWeightsOfFloatAndNewOnes) {
  const Case c = random_case(3), d = random_case(3);
  IntegerConvolution convolution(c.shape, c.signed_x, c.in, c.out, c.rectified);
  convolution.pack_weights(std::vector<int8_t>(c.weights.size(), 1).data(), c.x_zero_point);
  convolution.pack_weights(std::vector<float>(c.weights.begin(), c.weights.end()).data(),
                           c.x_zero_point);
  EXPECT_TRUE(computed(c, convolution) == expected(c));
}

TEST_P(IntegerConvolutionTest, UsesNoMoreThreadsThanItWasMadeFor) {
  const Case c = random_case(4);
  const OpenMPThreads one(1);
  IntegerConvolution convolution(c.shape, c.signed_x, c.in, c.out, c.rectified);
  convolution.pack_weights(c.weights.data(), c.x_zero_point);
  const OpenMPThreads three(3);
  EXPECT_TRUE(computed(c, convolution) == expected(c));
}

INSTANTIATE_TEST_SUITE_P(Targets, IntegerConvolutionTest, ::testing::ValuesIn(simd_targets()),
                         simd_target_name);

TEST(ConvolutionPlan, RefusesChannelsThatDoNotFillTheBlocks) {
  EXPECT_THROW(plan_convolution({.in_channels = 12, .out_channels = 8}, true, Layout::kBlocked8,
                                Layout::kBlocked8, 1),
               InternalError);
  EXPECT_THROW(plan_convolution({.groups = 3, .in_channels = 6, .out_channels = 8}, true,
                                Layout::kPlain, Layout::kPlain, 1),
               InternalError);
}

// Every output is computed, and by one part.
TEST(ConvolutionPlan, CoversTheOutputOnce) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    const Case c = random_case(seed);
    const ConvolutionPlan plan = plan_convolution(c.shape, true, c.in, c.out, 4);
    std::vector<int> times(c.shape.batch * c.shape.out_height * plan.panels());
    for (const ConvolutionPart& part : convolution_parts(plan)) {
      for (int64_t i = 0; i < part.images * part.rows * part.panels; ++i) {
        const int64_t image = part.image + i / part.panels / part.rows;
        const int64_t row = part.row + i / part.panels % part.rows;
        const int64_t panel = part.panel + i % part.panels;
        ++times[(image * c.shape.out_height + row) * plan.panels() + panel];
      }
    }
    EXPECT_EQ(times, std::vector<int>(times.size(), 1));
  }
}

}  // namespace
}  // namespace octet::kernels
