// A layer that adds another value to its result gives what the layer and the kernel of sums give
// one after the other.
#include "octet/kernels/added_value.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "octet/base/error.h"
#include "octet/kernels/integer_convolution.h"
#include "octet/kernels/quantized_arithmetic.h"
#include "tests/support/requantization_reference.h"
#include "tests/support/simd_targets.h"

namespace octet::kernels {
namespace {

struct Layer {
  const char* name;
  ConvolutionShape shape;
  Layout layout = Layout::kChannelsLast;
  bool rectified = false;  // no x is below its zero point
};

// Layers of every kind, in every layout, with channels that fill no vector and pixels that fill no
// four.
const Layer kLayers[] = {
    {"plain",
     {.batch = 3,
      .in_channels = 5,
      .in_height = 7,
      .in_width = 7,
      .out_channels = 6,
      .out_height = 7,
      .out_width = 7},
     Layout::kPlain},
    {"window",
     {.batch = 2,
      .in_channels = 24,
      .in_height = 9,
      .in_width = 9,
      .out_channels = 40,
      .out_height = 4,
      .out_width = 4,
      .kernel_h = 3,
      .kernel_w = 3,
      .stride_h = 2,
      .stride_w = 2},
     Layout::kBlocked8},
    {"tiles",
     {.batch = 1,
      .in_channels = 32,
      .in_height = 12,
      .in_width = 12,
      .out_channels = 32,
      .out_height = 12,
      .out_width = 12,
      .kernel_h = 3,
      .kernel_w = 3,
      .pad_top = 1,
      .pad_left = 1},
     Layout::kBlocked8},
    {"bytes",
     {.batch = 3,
      .in_channels = 64,
      .in_height = 5,
      .in_width = 9,
      .out_channels = 64,
      .out_height = 5,
      .out_width = 9},
     Layout::kBlocked8,
     /*rectified=*/true},
    {"last",
     {.batch = 2,
      .in_channels = 16,
      .in_height = 6,
      .in_width = 5,
      .out_channels = 21,
      .out_height = 6,
      .out_width = 5},
     Layout::kChannelsLast},
    {"sixteen",
     {.batch = 2,
      .in_channels = 16,
      .in_height = 6,
      .in_width = 5,
      .out_channels = 48,
      .out_height = 6,
      .out_width = 5},
     Layout::kBlocked16},
    {"groups",
     {.batch = 1,
      .groups = 3,
      .in_channels = 12,
      .in_height = 6,
      .in_width = 5,
      .out_channels = 30,
      .out_height = 6,
      .out_width = 5},
     Layout::kChannelsLast},
    {"depthwise",
     {.batch = 2,
      .groups = 40,
      .in_channels = 40,
      .in_height = 8,
      .in_width = 8,
      .out_channels = 40,
      .out_height = 8,
      .out_width = 8,
      .kernel_h = 3,
      .kernel_w = 3,
      .pad_top = 1,
      .pad_left = 1},
     Layout::kBlocked8},
    {"product", {.batch = 7, .in_channels = 70, .out_channels = 33}, Layout::kChannelsLast},
};

int64_t outputs(const ConvolutionShape& s) {
  return s.batch * s.out_channels * s.out_height * s.out_width;
}

template <class T>
std::vector<T> random_bytes(std::mt19937_64& engine, int64_t count) {
  std::vector<T> values(count);
  for (T& value : values) value = static_cast<T>(engine());
  return values;
}

// Random integers and scales of a layer, and of what is added.
struct Job {
  bool signed_x, signed_y;
  int32_t x_zero_point;
  std::vector<uint8_t> x, other;
  std::vector<int8_t> weights;
  RequantizationData own;
  AddedValue added;

  Job(const Layer& layer, std::mt19937_64& engine) {
    const ConvolutionShape& s = layer.shape;
    const auto below = [&](uint64_t bound) { return static_cast<int32_t>(engine() % bound); };
    // Of powers of two, halves are frequent.
    const bool powers_of_two = below(2) == 0;
    const auto scale = [&] {
      const float e = std::uniform_real_distribution<float>(-6, 0)(engine);
      return std::exp2(powers_of_two ? std::floor(e) : e);
    };
    signed_x = below(2) == 0;
    signed_y = below(2) == 0;
    x_zero_point = signed_x ? below(256) - 128 : below(256);
    x = random_bytes<uint8_t>(engine, s.batch * s.in_channels * s.in_height * s.in_width);
    if (layer.rectified) {
      x_zero_point = signed_x ? -below(2) * 128 : 0;
      for (uint8_t& byte : x) byte = signed_x && x_zero_point == 0 ? byte & 127 : byte;
    }
    const int64_t window = s.in_channels / s.groups * s.kernel_h * s.kernel_w;
    weights = random_bytes<int8_t>(engine, s.out_channels * window);
    own = random_requantization(engine, s.out_channels, signed_y);
    // One step for a typical sum, so that not everything saturates.
    const double typical = 50 * std::sqrt(static_cast<double>(window));
    for (float& m : own.multiplier) m *= static_cast<float>(1 / typical);
    other = random_bytes<uint8_t>(engine, outputs(s));
    const bool is_signed = below(2) == 0;
    added.value = {.data = other.data(),
                   .is_signed = is_signed,
                   .zero_point = is_signed ? below(256) - 128 : below(256),
                   .scale = scale()};
    added.own_scale = scale();
    added.y_scale = scale();
    added.output = random_requantization(engine, 1, below(2) == 0).rest;
    added.output.six = 6;
    added.output.round_mode = own.rest.round_mode;
  }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
};

class AddedValueTest : public OnEverySimdTarget {};

TEST_P(AddedValueTest, IsTheSumOfIntegersAsTheKernelOfSumsGivesIt) {
  for (const Layer& layer : kLayers) {
    for (uint64_t seed = 0; seed < 40; ++seed) {
      std::mt19937_64 engine(seed);
      const Job job(layer, engine);
      const OpenMPThreads threads(1 + static_cast<int>(seed % 2));
      IntegerConvolution convolution(layer.shape, job.signed_x, layer.layout, layer.layout,
                                     layer.rectified);
      convolution.pack_weights(job.weights.data(), job.x_zero_point);
      const int64_t count = outputs(layer.shape);
      std::vector<uint8_t> own(count), wanted(count), y(count, 0x55);
      convolution.run(job.x.data(), job.x_zero_point, job.own.view(), own.data(), nullptr);
      const QuantizedOperand operand{.data = own.data(),
                                     .is_signed = job.signed_y,
                                     .zero_point = job.own.rest.zero_point,
                                     .scale = job.added.own_scale};
      quantized_binary(BinaryFunction::kAdd, operand, job.added.value, job.added.output,
                       job.added.y_scale, count, wanted.data(), nullptr);
      convolution.run_and_add(job.x.data(), job.x_zero_point, job.own.view(), job.added, y.data());
      ASSERT_TRUE(y == wanted) << layer.name << ", seed " << seed;
    }
  }
}

TEST_P(AddedValueTest, RoundsAsTheLayerDoes) {
  std::mt19937_64 engine(1);
  Job job(kLayers[0], engine);
  job.own.rest.round_mode = RoundMode::HALF_TO_EVEN;
  job.added.output.round_mode = RoundMode::HALF_AWAY_FROM_ZERO;
  IntegerConvolution convolution(kLayers[0].shape, job.signed_x, Layout::kPlain, Layout::kPlain);
  convolution.pack_weights(job.weights.data(), job.x_zero_point);
  std::vector<uint8_t> y(job.other.size());
  EXPECT_THROW(
      convolution.run_and_add(job.x.data(), job.x_zero_point, job.own.view(), job.added, y.data()),
      InternalError);
}

INSTANTIATE_TEST_SUITE_P(Targets, AddedValueTest, ::testing::ValuesIn(simd_targets()),
                         simd_target_name);

}  // namespace
}  // namespace octet::kernels
