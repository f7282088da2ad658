#include "octet/ops/quantized_layers.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "octet/base/random.h"
#include "octet/ops/operation.h"
#include "octet/quant/fake_quantize.h"
#include "tests/support/integer_reference.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

// The numbers of one random case: scales, zero points and the format of the result.
struct Numbers {
  Numbers(IntegerCases& cases, int64_t channels, int64_t outmaps) {
    const bool is_unsigned = cases.coin();
    x_low = is_unsigned ? 0 : -128;
    x_high = is_unsigned ? 255 : 127;
    x_scale = cases.scales(1);
    x_zero_point = at::full({1}, cases.coin() ? 0 : cases.number(x_low, x_high), at::kFloat);
    w_scale = cases.scales(cases.coin() ? 1 : channels);
    output.bits = cases.number(4, 8);
    output.dtype = cases.coin() ? 1 : 2;
    output.narrow_range = cases.coin();
    output.activation = std::vector<std::string>{"NONE", "RELU", "RELU6"}[cases.number(0, 2)];
    format = format_of(quantizer_of(output));
    y_scale = cases.scales(1) * 30;
    y_zero_point = at::full({1}, cases.number(format.qmin(), format.qmax()), at::kFloat);
    weight_bits = cases.number(4, 8);
    if (cases.coin()) bias = cases.integers({outmaps}, -100000, 100000);
  }

  at::Tensor weight(IntegerCases& cases, const Shape& shape) const {
    const int64_t high = (int64_t{1} << (weight_bits - 1)) - 1;
    return cases.integers(shape, -high - 1, high);
  }

  std::vector<at::Tensor> inputs(const at::Tensor& x, const at::Tensor& w) const {
    std::vector<at::Tensor> result{x, x_scale, x_zero_point, w, w_scale, y_scale, y_zero_point};
    if (bias.defined()) result.push_back(bias);
    return result;
  }

  // From the accumulators (N, outmaps, ...), without bias, to the result.
  at::Tensor finish(const at::Tensor& acc) const {
    at::Tensor y = at::empty(acc.sizes(), at::kFloat);
    const int64_t outmaps = acc.size(1);
    const int64_t area = acc.numel() / (acc.size(0) * outmaps);
    for (int64_t i = 0; i < acc.numel(); ++i) {
      const int64_t o = i / area % outmaps;
      int64_t sum = acc.data_ptr<int64_t>()[i];
      if (bias.defined()) sum += static_cast<int64_t>(bias[o].item<float>());
      const float sw = w_scale[o % w_scale.numel()].item<float>();
      const float product = x_scale.item<float>() * sw;
      const float m = product / y_scale.item<float>();
      const auto zero = static_cast<int64_t>(y_zero_point.item<float>());
      const int64_t low = output.activation == "NONE" ? format.qmin() : zero;
      const float six = 6.0F / y_scale.item<float>();
      const int64_t high =
          output.activation == "RELU6"
              ? std::min(format.qmax(), static_cast<int64_t>(std::nearbyint(six)) + zero)
              : format.qmax();
      y.data_ptr<float>()[i] = static_cast<float>(
          requantize_reference(sum, m, zero, std::max(low, format.qmin()), high));
    }
    return y;
  }

  int64_t x_low, x_high, weight_bits;
  IntegerOutput output;
  QuantFormat format;
  at::Tensor x_scale, x_zero_point, w_scale, y_scale, y_zero_point, bias;
};

template <class Quantized>
Quantized with(Quantized op, const IntegerOutput& output) {
  static_cast<IntegerOutput&>(op) = output;
  return op;
}

Shape drawn(IntegerCases& cases, int64_t count, int64_t low, int64_t high) {
  Shape values;
  for (int64_t i = 0; i < count; ++i) values.push_back(cases.number(low, high));
  return values;
}

// Real int8 tensors instead of integers in floats give the same.
void expect_integers(const Attributes& op, const std::vector<at::Tensor>& inputs,
                     const at::Tensor& expected) {
  const at::Tensor y = run_integers(op, inputs);
  ASSERT_EQ(y.sizes(), expected.sizes());
  EXPECT_TRUE(at::equal(y, expected)) << (y - expected).abs().max();
  std::vector<at::Tensor> deployed = inputs;
  deployed[layer_input::kW] = inputs[layer_input::kW].to(at::kChar);
  if (inputs.size() > layer_input::kBias) {
    deployed[layer_input::kBias] = inputs[layer_input::kBias].to(at::kInt);
  }
  EXPECT_TRUE(at::equal(run_integers(op, deployed), expected));
}

class QuantizedLayers : public ::testing::TestWithParam<int> {
 protected:
  uint64_t seed() const { return 100 + static_cast<uint64_t>(GetParam()); }
};

TEST_P(QuantizedLayers, ConvolutionIsThatOfPlainLoops) {
  SCOPED_TRACE(fmt::format("seed {}", seed()));
  IntegerCases cases(seed());
  const int64_t spatial = cases.number(1, 3);
  ConvolutionReference reference;
  reference.group = cases.number(1, 2);
  reference.pad = drawn(cases, spatial, 0, 2);
  reference.stride = drawn(cases, spatial, 1, 2);
  reference.dilation = drawn(cases, spatial, 1, 2);
  const int64_t channels = reference.group * cases.number(1, 5);
  const int64_t outmaps = reference.group * cases.number(1, 4);
  Shape x_shape{cases.number(1, 3), channels};
  Shape w_shape{outmaps, channels / reference.group};
  for (int64_t i = 0; i < spatial; ++i) x_shape.push_back(cases.number(5, 8));
  for (int64_t i = 0; i < spatial; ++i) w_shape.push_back(cases.number(1, 3));
  const Numbers numbers(cases, outmaps, outmaps);
  const at::Tensor x = cases.integers(x_shape, numbers.x_low, numbers.x_high);
  const at::Tensor w = numbers.weight(cases, w_shape);
  QuantizedConvolution op = with(QuantizedConvolution{}, numbers.output);
  op.pad = reference.pad;
  op.stride = reference.stride;
  op.dilation = reference.dilation;
  op.group = reference.group;
  const auto inputs = numbers.inputs(x, w);
  const Shape y_shape = infer_types(op, types_of(inputs))[0].shape;
  const at::Tensor expected = numbers.finish(reference.run(x - numbers.x_zero_point, w, y_shape));
  expect_integers(op, inputs, expected);

  // Channels last.
  QuantizedConvolution last = op;
  last.channel_last = true;
  const auto moved = numbers.inputs(x.movedim(1, -1).contiguous(), w.movedim(1, -1).contiguous());
  expect_integers(last, moved, expected.movedim(1, -1));
}

TEST_P(QuantizedLayers, DepthwiseConvolutionIsThatOfPlainLoops) {
  SCOPED_TRACE(fmt::format("seed {}", seed()));
  IntegerCases cases(seed());
  const int64_t channels = cases.number(1, 6);
  const int64_t multiplier = cases.number(1, 2);
  ConvolutionReference reference{drawn(cases, 2, 0, 2), drawn(cases, 2, 1, 2),
                                 drawn(cases, 2, 1, 2)};
  reference.group = channels;
  const int64_t outmaps = channels * multiplier;
  const Numbers numbers(cases, outmaps, outmaps);
  const at::Tensor x = cases.integers({2, channels, 7, 6}, numbers.x_low, numbers.x_high);
  const at::Tensor w = numbers.weight(cases, {outmaps, 3, 2});
  auto op = with(QuantizedDepthwiseConvolution{}, numbers.output);
  op.pad = reference.pad;
  op.stride = reference.stride;
  op.dilation = reference.dilation;
  op.multiplier = multiplier;
  const auto inputs = numbers.inputs(x, w);
  const Shape y_shape = infer_types(op, types_of(inputs))[0].shape;
  expect_integers(op, inputs,
                  numbers.finish(reference.run(x - numbers.x_zero_point, w.unsqueeze(1), y_shape)));
}

TEST_P(QuantizedLayers, DeconvolutionIsThatOfPlainLoops) {
  SCOPED_TRACE(fmt::format("seed {}", seed()));
  IntegerCases cases(seed());
  ConvolutionReference reference{drawn(cases, 2, 0, 1), drawn(cases, 2, 1, 3),
                                 drawn(cases, 2, 1, 2)};
  reference.group = cases.number(1, 2);
  const int64_t channels = reference.group * cases.number(1, 3);
  const int64_t columns = cases.number(1, 3);
  const Numbers numbers(cases, columns, columns * reference.group);
  const at::Tensor x = cases.integers({2, channels, 4, 5}, numbers.x_low, numbers.x_high);
  const at::Tensor w = numbers.weight(cases, {channels, columns, 3, 2});
  auto op = with(QuantizedDeconvolution{}, numbers.output);
  op.pad = reference.pad;
  op.stride = reference.stride;
  op.dilation = reference.dilation;
  op.group = reference.group;
  const auto inputs = numbers.inputs(x, w);
  const Shape y_shape = infer_types(op, types_of(inputs))[0].shape;
  expect_integers(op, inputs,
                  numbers.finish(reference.run_transposed(x - numbers.x_zero_point, w, y_shape)));
}

TEST_P(QuantizedLayers, DepthwiseDeconvolutionIsThatOfPlainLoops) {
  SCOPED_TRACE(fmt::format("seed {}", seed()));
  IntegerCases cases(seed());
  const int64_t outmaps = cases.number(1, 4);
  const int64_t divisor = cases.number(1, 2);
  ConvolutionReference reference{drawn(cases, 2, 0, 1), drawn(cases, 2, 1, 3),
                                 drawn(cases, 2, 1, 2)};
  reference.group = outmaps;
  const Numbers numbers(cases, divisor == 1 ? outmaps : 1, outmaps);
  const at::Tensor x = cases.integers({2, outmaps * divisor, 4, 5}, numbers.x_low, numbers.x_high);
  const at::Tensor w = numbers.weight(cases, {outmaps * divisor, 3, 2});
  auto op = with(QuantizedDepthwiseDeconvolution{}, numbers.output);
  op.pad = reference.pad;
  op.stride = reference.stride;
  op.dilation = reference.dilation;
  op.divisor = divisor;
  const auto inputs = numbers.inputs(x, w);
  const Shape y_shape = infer_types(op, types_of(inputs))[0].shape;
  expect_integers(
      op, inputs,
      numbers.finish(reference.run_transposed(x - numbers.x_zero_point, w.unsqueeze(1), y_shape)));
}

TEST_P(QuantizedLayers, AffineIsThatOfPlainLoops) {
  SCOPED_TRACE(fmt::format("seed {}", seed()));
  IntegerCases cases(seed());
  const int64_t outmaps = cases.number(1, 6);
  const int64_t inner = cases.number(1, 40);
  const Numbers numbers(cases, outmaps, outmaps);
  const at::Tensor x = cases.integers({3, inner}, numbers.x_low, numbers.x_high);
  const at::Tensor w = numbers.weight(cases, {inner, outmaps});
  const ConvolutionReference reference{};
  const at::Tensor acc = reference.run(x - numbers.x_zero_point, w.t(), {3, outmaps});
  expect_integers(with(QuantizedAffine{}, numbers.output), numbers.inputs(x, w),
                  numbers.finish(acc));
}

INSTANTIATE_TEST_SUITE_P(Random, QuantizedLayers, ::testing::Range(0, 12));

// Sums beyond 2^24, which float32 cannot count: 4096 products of 255 * 127 or so.
TEST(QuantizedAffine, LargeSumsAreExact) {
  IntegerCases cases(7);
  const at::Tensor x = cases.integers({4, 4096}, 200, 255);
  const at::Tensor w = cases.integers({4096, 5}, 90, 127);
  const at::Tensor zero = at::zeros({1});
  const at::Tensor one = at::ones({1});
  const at::Tensor bias = cases.integers({5}, -3, 3);
  QuantizedAffine op;
  op.dtype = 5;
  op.bits = 32;
  const at::Tensor y = run_integers(op, {x, one, zero, w, one, one, zero, bias});
  const at::Tensor exact = at::mm(x.to(at::kLong), w.to(at::kLong)) + bias.to(at::kLong);
  EXPECT_GT(exact.min().item<int64_t>(), int64_t{1} << 24);
  // int32 as float32, rounded once.
  EXPECT_TRUE(at::equal(y, exact.to(at::kFloat)));
}

// Against DQ -> convolution -> activation -> Q: the same gradients up to rounding, where both give
// the same integers.
TEST(QuantizedConvolution, GradientsAreThoseOfTheFakeQuantizedLayer) {
  for (const char* activation : {"NONE", "RELU", "RELU6"}) {
    for (const bool huge : {false, true}) {
      if (huge && std::string_view(activation) == "RELU6") continue;
      SCOPED_TRACE(fmt::format("{} {}", activation, huge));
      IntegerCases cases(11);
      const int64_t channels = huge ? 900 : 3;
      const at::Tensor x0 = cases.integers({2, channels, 5, 5}, huge ? -60 : -128, 127);
      const at::Tensor w0 = cases.integers({4, channels, 3, 3}, huge ? 80 : -127, 127);
      const at::Tensor sx = at::full({1}, 0.02, at::kFloat);
      const at::Tensor zx = at::full({1}, 5, at::kFloat);
      const at::Tensor sw = cases.scales(4);
      const at::Tensor sy = at::full({1}, huge ? 150.0 : 0.4, at::kFloat);
      const at::Tensor zy = at::full({1}, -20, at::kFloat);
      const at::Tensor dy = at::rand({2, 4, 5, 5}) - 0.5;
      QuantizedConvolution op;
      op.pad = {1, 1};
      op.activation = activation;

      const auto leaf = [](const at::Tensor& t) { return t.clone().set_requires_grad(true); };
      const at::Tensor x = leaf(x0);
      const at::Tensor w = leaf(w0);
      RandomState random(1);
      ForwardContext context{&random, "test"};
      const at::Tensor y =
          run_forward(op, std::vector<at::Tensor>{x, sx, zx, w, sw, sy, zy}, context)[0];
      y.backward(dy);

      const at::Tensor xr = leaf(x0);
      const at::Tensor wr = leaf(w0);
      at::Tensor h =
          at::conv2d(dequantize_linear(xr, sx, zx),
                     dequantize_linear(wr, sw.reshape({4, 1, 1, 1}), at::zeros({1})), {}, 1, 1);
      if (op.activation != "NONE") h = at::relu(h);
      if (op.activation == "RELU6") h = at::clamp(h, 0, 6);
      const at::Tensor yr = quantize_linear(h, sy, zy, {DType::kInt8, 8, false},
                                            RoundMode::HALF_TO_EVEN, Ste::CLIPPED);
      yr.backward(dy);
      ASSERT_TRUE(at::equal(y, yr)) << "another seed is needed: a value at a rounding edge";
      for (const auto& [a, b] : {std::pair(x, xr), std::pair(w, wr)}) {
        const double largest = b.grad().abs().max().item<double>();
        EXPECT_GT(largest, 0);
        EXPECT_LT((a.grad() - b.grad()).abs().max().item<double>(), 1e-5 * largest);
      }
    }
  }
}

TEST(QuantizedConvolution, StraightPassesTheGradientOfSaturatedValues) {
  QuantizedConvolution op;
  const at::Tensor one = at::ones({1});
  const at::Tensor zero = at::zeros({1});
  const std::vector<at::Tensor> inputs{at::full({1, 1, 1}, 100, at::kFloat),
                                       one,
                                       zero,
                                       at::full({1, 1, 1}, 50, at::kFloat),
                                       one,
                                       one,
                                       zero};
  const at::Tensor dy = at::ones({1, 1, 1});
  EXPECT_EQ(integer_gradient(op, inputs, 0, dy).item<float>(), 0);
  op.ste = "STRAIGHT";
  EXPECT_EQ(integer_gradient(op, inputs, 0, dy).item<float>(), 50);
}

TEST(QuantizedConvolution, RoundsHalvesAwayFromZeroIfAsked) {
  QuantizedConvolution op;
  const at::Tensor one = at::ones({1});
  const at::Tensor zero = at::zeros({1});
  const at::Tensor x = at::tensor({1.0F, 3.0F, -1.0F}).reshape({1, 1, 3});
  const std::vector<at::Tensor> inputs{
      x, one, zero, at::ones({1, 1, 1}), one, at::full({1}, 2.0, at::kFloat), zero};
  EXPECT_TRUE(at::equal(run_integers(op, inputs).flatten(), at::tensor({0.0F, 2.0F, 0.0F})));
  op.round_mode = "HALF_AWAY_FROM_ZERO";
  EXPECT_TRUE(at::equal(run_integers(op, inputs).flatten(), at::tensor({1.0F, 2.0F, -1.0F})));
}

TEST(QuantizedConvolution, SaysWhichInputDoesNotFit) {
  const Shape one{1};
  QuantizedConvolution op;
  EXPECT_EQ(infer_error(op, {{1, 3, 4, 4}, {2}, one, {5, 3, 3, 3}, one, one, one}),
            "[QuantizedConvolution] x_scale (2) must have 1 value");
  EXPECT_EQ(infer_error(op, {{1, 3, 4, 4}, one, one, {5, 3, 3, 3}, {4}, one, one}),
            "[QuantizedConvolution] w_scale (4) must have 1 or 5 values");
  EXPECT_EQ(infer_error(op, {{1, 2, 4, 4}, one, one, {5, 3, 3, 3}, one, one, one}),
            "[Convolution] 2 input channels and 5 output channels do not fit weight (5, 3, 3, 3) "
            "in 1 groups");
  op.activation = "TANH";
  EXPECT_EQ(infer_error(op, {{1, 3, 4, 4}, one, one, {5, 3, 3, 3}, one, one, one}),
            "[QuantizedConvolution] activation 'TANH' is not one of NONE, RELU, RELU6");
  QuantizedDepthwiseDeconvolution depthwise;
  depthwise.divisor = 2;
  EXPECT_EQ(infer_error(depthwise, {{1, 4, 4, 4}, one, one, {4, 3, 3}, {4}, one, one}),
            "[QuantizedDepthwiseDeconvolution] w_scale (4) must have 1 value, as an output channel "
            "sums 2 input channels");
}

}  // namespace
}  // namespace octet
