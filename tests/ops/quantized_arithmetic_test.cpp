#include "octet/ops/quantized_arithmetic.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "octet/ops/quantized_lookup.h"
#include "octet/ops/quantized_matmul.h"
#include "octet/ops/quantized_pooling.h"
#include "octet/quant/fake_quantize.h"
#include "tests/support/integer_reference.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

constexpr QuantFormat kInt8{DType::kInt8, 8, false};

at::Tensor one_value(double value) {
  return at::full({1}, value, at::kFloat);
}

// DQ, the function, the activation, Q: in float32, as the definition says.
template <class Function>
at::Tensor fake(const std::vector<at::Tensor>& in, bool relu, Function&& function) {
  at::Tensor y =
      function(dequantize_linear(in[0], in[1], in[2]), dequantize_linear(in[3], in[4], in[5]));
  if (relu) y = at::relu(y);
  return quantize_linear(y, in[6], in[7], kInt8, RoundMode::HALF_TO_EVEN, Ste::CLIPPED);
}

// The plain loop for two operands of the same shape.
template <class Function>
at::Tensor loop(const std::vector<at::Tensor>& in, bool relu, Function&& function) {
  at::Tensor y = at::empty(in[0].sizes(), at::kFloat);
  for (int64_t i = 0; i < y.numel(); ++i) {
    const auto real = [&](size_t k) {
      const float steps = in[k].data_ptr<float>()[i] - in[k + 2].item<float>();
      return steps * in[k + 1].item<float>();
    };
    float value = function(real(0), real(3));
    if (relu) value = std::max(value, 0.0F);
    const float steps = value / in[6].item<float>();
    const float q = std::nearbyint(steps) + in[7].item<float>();
    y.data_ptr<float>()[i] = std::clamp(q, -128.0F, 127.0F);
  }
  return y;
}

template <class Operation, class Scalar>
void expect_binary(Scalar scalar) {
  for (uint64_t seed = 0; seed < 8; ++seed) {
    SCOPED_TRACE(seed);
    IntegerCases cases(seed);
    const bool relu = cases.coin();
    const std::vector<at::Tensor> inputs{cases.integers({2, 3, 4}, -128, 127),
                                         cases.scales(1),
                                         one_value(cases.number(-9, 9)),
                                         cases.integers({2, 3, 4}, -128, 127),
                                         cases.scales(1),
                                         one_value(cases.number(-9, 9)),
                                         cases.scales(1),
                                         one_value(cases.number(-9, 9))};
    Operation op;
    op.activation = relu ? "RELU" : "NONE";
    EXPECT_TRUE(at::equal(run_integers(op, inputs), loop(inputs, relu, scalar)));
    EXPECT_TRUE(at::equal(run_integers(op, inputs), fake(inputs, relu, scalar)));
  }
}

TEST(QuantizedArithmetic, IsDequantizeFunctionQuantize) {
  expect_binary<QuantizedAdd2>([](const auto& a, const auto& b) { return a + b; });
  expect_binary<QuantizedSub2>([](const auto& a, const auto& b) { return a - b; });
  expect_binary<QuantizedMul2>([](const auto& a, const auto& b) { return a * b; });
}

TEST(QuantizedArithmetic, NamesAScaleThatIsNoPositiveNumber) {
  const at::Tensor q = at::ones({1, 2, 2, 2});
  const at::Tensor good = one_value(0.5), zero = one_value(0);
  for (const double bad : {0.0, -1.0, static_cast<double>(INFINITY)}) {
    const std::string message = fmt::format("the scale {} is not a positive number", bad);
    const auto refused = [&](const std::string& text) {
      EXPECT_NE(text.find(message), std::string::npos) << text;
    };
    const at::Tensor wrong = one_value(bad);
    refused(run_error(QuantizedAdd2{}, {q, good, zero, q, wrong, zero, good, zero}));
    refused(run_error(QuantizedMul2{}, {q, good, zero, q, good, zero, wrong, zero}));
    refused(run_error(Requantize{}, {q, wrong, zero, good, zero}));
    refused(run_error(QuantizedConcatenate{}, {good, zero, q, good, zero, q, wrong, zero}));
    refused(run_error(QuantizedGlobalAveragePooling{}, {q, good, zero, wrong, zero}));
    refused(run_error(QuantizedBatchMatmul{}, {q, good, zero, q, wrong, zero, good, zero}));
  }
}

TEST(QuantizedArithmetic, TakesAccumulatorsWithAScaleForEachChannel) {
  IntegerCases cases(3);
  const std::vector<at::Tensor> inputs{cases.integers({2, 3, 2, 2}, -9000, 9000),
                                       cases.scales(3).reshape({1, 3, 1, 1}),
                                       at::zeros({1, 1, 1, 1}),
                                       cases.integers({2, 3, 1, 1}, -128, 127),
                                       cases.scales(1),
                                       one_value(4),
                                       one_value(0.3),
                                       one_value(-5)};
  const at::Tensor expected =
      fake(inputs, false, [](const at::Tensor& a, const at::Tensor& b) { return a + b; });
  EXPECT_TRUE(at::equal(run_integers(QuantizedAdd2{}, inputs), expected));
  const at::Tensor y =
      run_integers(Requantize{}, {inputs[0], inputs[1], inputs[2], inputs[6], inputs[7]});
  EXPECT_TRUE(
      at::equal(y, quantize_linear(dequantize_linear(inputs[0], inputs[1], inputs[2]), inputs[6],
                                   inputs[7], kInt8, RoundMode::HALF_TO_EVEN, Ste::CLIPPED)));
}

TEST(QuantizedConcatenate, RequantizesEachInput) {
  IntegerCases cases(5);
  const at::Tensor a = cases.integers({2, 3, 2}, -128, 127);
  const at::Tensor b = cases.integers({2, 1, 2}, 0, 255);
  const at::Tensor sy = one_value(0.05);
  const at::Tensor zy = one_value(-3);
  const at::Tensor sa = one_value(0.03);
  const at::Tensor za = one_value(-7);
  const at::Tensor sb = one_value(0.011);
  const at::Tensor zb = one_value(100);
  const at::Tensor expected =
      quantize_linear(at::cat({dequantize_linear(a, sa, za), dequantize_linear(b, sb, zb)}, 1), sy,
                      zy, kInt8, RoundMode::HALF_TO_EVEN, Ste::CLIPPED);
  EXPECT_TRUE(
      at::equal(run_integers(QuantizedConcatenate{}, {sy, zy, a, sa, za, b, sb, zb}), expected));
}

TEST(QuantizedConcatenate, NeedsThreeInputsForEachValue) {
  EXPECT_EQ(infer_error(QuantizedConcatenate{}, {{1}, {1}, {2, 3}, {1}}),
            "[QuantizedConcatenate] 4 inputs are not y_scale, y_zero_point and three for each "
            "value");
}

TEST(QuantizedArithmetic, SaysWhichScaleDoesNotFit) {
  EXPECT_EQ(infer_error(QuantizedAdd2{}, {{2, 3}, {4, 2, 3}, {1}, {2, 3}, {1}, {1}, {1}, {1}}),
            "[QuantizedAdd2] scale (4, 2, 3) is larger than its value (2, 3)");
  EXPECT_EQ(infer_error(QuantizedAdd2{}, {{2, 3}, {1}, {1}, {2, 3}, {1}, {1}, {3}, {1}}),
            "[QuantizedAdd2] y_scale (3) must have 1 value");
}

TEST(QuantizedBatchMatmul, IsThatOfPlainLoops) {
  for (uint64_t seed = 0; seed < 8; ++seed) {
    SCOPED_TRACE(seed);
    IntegerCases cases(seed);
    QuantizedBatchMatmul op;
    op.transpose_a = cases.coin();
    op.transpose_b = cases.coin();
    const int64_t rows = cases.number(1, 4), inner = cases.number(1, 300),
                  columns = cases.number(1, 4);
    const at::Tensor a = cases.integers({2, rows, inner}, -128, 127);
    const at::Tensor b = cases.integers({2, inner, columns}, 0, 255);
    const float za = 3, zb = 120;
    const at::Tensor sa = cases.scales(1), sb = cases.scales(1), sy = cases.scales(1) * 20;
    at::Tensor expected = at::empty({2, rows, columns}, at::kFloat);
    const float product = sa.item<float>() * sb.item<float>();
    const float m = product / sy.item<float>();
    for (int64_t n = 0; n < 2; ++n) {
      for (int64_t i = 0; i < rows; ++i) {
        for (int64_t j = 0; j < columns; ++j) {
          int64_t acc = 0;
          for (int64_t k = 0; k < inner; ++k) {
            acc += static_cast<int64_t>((a[n][i][k].item<float>() - za) *
                                        (b[n][k][j].item<float>() - zb));
          }
          expected[n][i][j] = static_cast<float>(requantize_reference(acc, m, -2, -128, 127));
        }
      }
    }
    const at::Tensor given_a = op.transpose_a ? a.transpose(1, 2).contiguous() : a;
    const at::Tensor given_b = op.transpose_b ? b.transpose(1, 2).contiguous() : b;
    EXPECT_TRUE(at::equal(run_integers(op, {given_a, sa, one_value(za), given_b, sb, one_value(zb),
                                            sy, one_value(-2)}),
                          expected));
  }
}

TEST(QuantizedAveragePooling, IsThatOfPlainLoops) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    SCOPED_TRACE(seed);
    IntegerCases cases(seed);
    QuantizedAveragePooling op;
    op.kernel = {cases.number(2, 3), cases.number(2, 3)};
    op.stride = {cases.number(1, 2), cases.number(1, 2)};
    op.pad = {cases.number(0, 1), cases.number(0, 1)};
    op.including_pad = cases.coin();
    const at::Tensor x = cases.integers({2, 3, 6, 7}, 0, 255);
    const at::Tensor sx = cases.scales(1), sy = cases.scales(1);
    const std::vector<at::Tensor> inputs{x, sx, one_value(90), sy, one_value(11)};
    at::Tensor expected = at::empty(infer_types(op, types_of(inputs))[0].shape, at::kFloat);
    for (int64_t n = 0; n < 2; ++n) {
      for (int64_t c = 0; c < 3; ++c) {
        for (int64_t i = 0; i < expected.size(2); ++i) {
          for (int64_t j = 0; j < expected.size(3); ++j) {
            int64_t sum = 0, inside = 0;
            for (int64_t k = 0; k < op.kernel[0] * op.kernel[1]; ++k) {
              const int64_t row = i * op.stride[0] - op.pad[0] + k / op.kernel[1];
              const int64_t column = j * op.stride[1] - op.pad[1] + k % op.kernel[1];
              if (row < 0 || row >= 6 || column < 0 || column >= 7) continue;
              sum += static_cast<int64_t>(x[n][c][row][column].item<float>()) - 90;
              ++inside;
            }
            const int64_t count = op.including_pad ? op.kernel[0] * op.kernel[1] : inside;
            const float part = sx.item<float>() / static_cast<float>(count);
            const float m = part / sy.item<float>();
            expected[n][c][i][j] = static_cast<float>(requantize_reference(sum, m, 11, -128, 127));
          }
        }
      }
    }
    EXPECT_TRUE(at::equal(run_integers(op, inputs), expected));
  }
}

TEST(QuantizedGlobalAveragePooling, AveragesWholeChannels) {
  IntegerCases cases(2);
  const at::Tensor x = cases.integers({2, 3, 5, 7}, -128, 127);
  const at::Tensor y =
      run_integers(QuantizedGlobalAveragePooling{},
                   {x, one_value(0.5), one_value(3), one_value(0.1), one_value(1)});
  const at::Tensor sums = x.sum({2, 3}, true) - 3 * 35;
  const float part = 0.5F / 35.0F;
  const float m = part / 0.1F;
  for (int64_t i = 0; i < 6; ++i) {
    const auto sum = static_cast<int64_t>(sums.flatten()[i].item<float>());
    EXPECT_EQ(y.flatten()[i].item<float>(),
              static_cast<float>(requantize_reference(sum, m, 1, -128, 127)));
  }
}

// The gradients of integer functions that are not sums of products with a weight, against those of
// their fake quantized selves.
TEST(QuantizedAveragePooling, GradientIsThatOfTheFakeQuantizedLayer) {
  IntegerCases cases(9);
  const at::Tensor x = cases.integers({2, 3, 6, 6}, -128, 127);
  const at::Tensor sx = one_value(0.03), zx = one_value(4), sy = one_value(0.02), zy = one_value(2);
  QuantizedAveragePooling op;
  op.kernel = {2, 2};
  const at::Tensor dy = at::rand({2, 3, 3, 3}) - 0.5;
  const at::Tensor xr = x.clone().set_requires_grad(true);
  const at::Tensor yr = quantize_linear(at::avg_pool2d(dequantize_linear(xr, sx, zx), {2, 2}), sy,
                                        zy, kInt8, RoundMode::HALF_TO_EVEN, Ste::CLIPPED);
  yr.backward(dy);
  const at::Tensor dx = integer_gradient(op, {x, sx, zx, sy, zy}, 0, dy);
  // Saturated values of one and not of the other would differ by far more.
  EXPECT_LT((dx - xr.grad()).abs().max().item<double>(),
            1e-5 * xr.grad().abs().max().item<double>());
}

TEST(QuantizedLookup, TakesTableAndSlope) {
  QuantizedLookup op;
  const at::Tensor table = at::arange(255, -1, -1).to(at::kByte);
  const at::Tensor slope = at::arange(0, 256).to(at::kFloat);
  op.dtype = 2;
  const at::Tensor x = at::tensor({-128.0F, 0.0F, 127.0F});
  EXPECT_TRUE(at::equal(run_integers(op, {x, table, slope}), at::tensor({255.0F, 127.0F, 0.0F})));
  EXPECT_TRUE(at::equal(run_integers(op, {x, table}), at::tensor({255.0F, 127.0F, 0.0F})));
  EXPECT_TRUE(at::equal(integer_gradient(op, {x, table, slope}, 0, at::ones({3})),
                        at::tensor({0.0F, 128.0F, 255.0F})));
}

TEST(QuantizedLookup, SaysWhatTheTableLacks) {
  QuantizedLookup op;
  const at::Tensor table = at::zeros({256}, at::kChar);
  EXPECT_EQ(run_error(op, {at::tensor({3.0F, 200.0F}), table}),
            "[test] the table has no entry for the integers 3 to 200");
  EXPECT_EQ(infer_error(op, {{3}, {255}}), "[QuantizedLookup] table (255) must be (256)");
  op.lowest = 5;
  EXPECT_EQ(infer_error(op, {{3}, {256}}),
            "[QuantizedLookup] lowest 5 is not one of -128 (int8), 0 (uint8)");
  op.dtype = 5;
  EXPECT_EQ(infer_error(op, {{3}, {256}}),
            "[QuantizedLookup] dtype 5 is not one of 1 (int8), 2 (uint8)");
}

}  // namespace
}  // namespace octet
