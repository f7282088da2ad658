#include "octet/passes/lower_int8.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gmock/gmock.h>

#include <functional>

#include "octet/base/error.h"
#include "octet/passes/quantize_parameters.h"
#include "tests/quant/test_support.h"
#include "tests/support/pass_fixture.h"

namespace octet {
namespace {

class LowerInt8 : public PassTest {
 protected:
  LowerInt8() {
    ctx_.config.precision_mode = PrecisionMode::QNN;
    // Powers of two, so that float32 computes the fake quantized networks without rounding.
    for (const auto& [name, value] :
         {std::pair("s0", 0.0625), {"s1", 0.125}, {"s2", 0.25}, {"z", 0.0}, {"z5", 5.0}}) {
      parameters_.set(name, at::full({1}, value, at::kFloat), /*need_grad=*/false);
    }
    parameters_.set("sw", at::tensor({0.03125F, 0.0625F, 0.015625F}).reshape({3, 1, 1, 1}), false);
    parameters_.set("zw", at::zeros({3, 1, 1, 1}), false);
  }

  std::string error(std::string_view text) {
    try {
      lower_int8(load(text), ctx_);
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  }

  // How often the printed graph names the operation.
  static int64_t count(const std::string& text, const std::string& what) {
    int64_t found = 0;
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
      ++found;
    }
    return found;
  }

  void expect_same_values(const Graph& before) {
    EXPECT_EQ(difference(before, lower_int8(before, ctx_)), 0.0);
  }
};

constexpr std::string_view kLayer = R"(graph net {
  input x: float32 (-1, 2, 4, 4)
  parameter s0: float32 (1)
  parameter z5: float32 (1)
  parameter W: float32 (3, 2, 3, 3)
  parameter sw: float32 (3, 1, 1, 1)
  parameter zw: float32 (3, 1, 1, 1)
  parameter b: float32 (3)
  parameter s1: float32 (1)
  parameter z: float32 (1)
  qx = QuantizeLinear(x, s0, z5)
  dx = DequantizeLinear(qx, s0, z5)
  qw = QuantizeLinear(W, sw, zw)
  dw = DequantizeLinear(qw, sw, zw)
  h = Convolution(dx, dw, b) {pad=(1, 1)}
  r = ReLU(h)
  qy = QuantizeLinear(r, s1, z)
  y = DequantizeLinear(qy, s1, z)
  output y
}
)";

TEST_F(LowerInt8, ALayerWithItsActivationAndAFloatBias) {
  const Graph graph = load(kLayer);
  EXPECT_EQ(after(lower_int8, graph), R"(graph net {
  input x: float32 (-1, 2, 4, 4)
  parameter s0: float32 (1)
  parameter z5: float32 (1)
  parameter W: float32 (3, 2, 3, 3)
  parameter sw: float32 (3, 1, 1, 1)
  parameter zw: float32 (3, 1, 1, 1)
  parameter b: float32 (3)
  parameter scale-b: float32 (3)
  parameter zeropoint-b: float32 (3)
  parameter s1: float32 (1)
  parameter z: float32 (1)
  qx = QuantizeLinear(x, s0, z5)
  qw = QuantizeLinear(W, sw, zw)
  b_quantized = QuantizeLinear(b, scale-b, zeropoint-b) {dtype=5, bits=32}
  qy = QuantizedConvolution(qx, s0, z5, qw, sw, s1, z, b_quantized) {pad=(1, 1), activation="RELU"}
  y = DequantizeLinear(qy, s1, z)
  output y
}
)");
}

TEST_F(LowerInt8, PowersOfTwoGiveTheSameValuesToTheBit) {
  // A bias on the grid of the accumulators, else it is rounded to it.
  parameters_.set("b", at::tensor({0.5F, -0.25F, 0.125F}), true);
  expect_same_values(load(kLayer));
}

TEST_F(LowerInt8, ASecondRunChangesNothing) {
  const Graph once = compact(lower_int8(load(kLayer), ctx_));
  ctx_.outputs = once.outputs();
  EXPECT_TRUE(equal(compact(lower_int8(once, ctx_)), once));
}

TEST_F(LowerInt8, DoesNothingInSimulation) {
  ctx_.config.precision_mode = PrecisionMode::SIM_QNN;
  const Graph graph = load(kLayer);
  EXPECT_TRUE(equal(lower_int8(graph, ctx_), graph));
}

TEST_F(LowerInt8, DeployedWeightsAreIntegers) {
  const Graph lowered = compact(lower_int8(load(kLayer), ctx_));
  ctx_.outputs = lowered.outputs();
  const Graph deployed = compact(quantize_parameters(lowered, ctx_));
  EXPECT_EQ(difference(lowered, deployed), 0.0);
  const std::string text = print(deployed);
  EXPECT_EQ(count(text, "parameter W-quantized: int8 (3, 2, 3, 3)"), 1) << text;
  EXPECT_EQ(count(text, "parameter b-quantized: int32 (3)"), 1) << text;
  EXPECT_EQ(count(text, "= QuantizeLinear"), 1) << text;
}

// A residual block in the form that the scheduler makes, and what moves values about.
constexpr std::string_view kBlock = R"(graph net {
  input x: float32 (-1, 3, 4, 4)
  parameter s0: float32 (1)
  parameter z: float32 (1)
  parameter z5: float32 (1)
  parameter W: float32 (3, 3, 1, 1)
  parameter sw: float32 (3, 1, 1, 1)
  parameter zw: float32 (3, 1, 1, 1)
  parameter s1: float32 (1)
  parameter s2: float32 (1)
  qx = QuantizeLinear(x, s0, z5)
  dx = DequantizeLinear(qx, s0, z5)
  qw = QuantizeLinear(W, sw, zw)
  dw = DequantizeLinear(qw, sw, zw)
  h = Convolution(dx, dw)
  qh = QuantizeLinear(h, s1, z)
  dh = DequantizeLinear(qh, s1, z)
  a = Add2(dx, dh)
  qa = QuantizeLinear(a, s2, z)
  da = DequantizeLinear(qa, s2, z)
  m = MaxPooling(da) {kernel=(2, 2)}
  qm = QuantizeLinear(m, s2, z)
  dm = DequantizeLinear(qm, s2, z)
  t = Tanh(dm)
  qt = QuantizeLinear(t, s0, z)
  dt = DequantizeLinear(qt, s0, z)
  p = Pad(dt) {pad_width=[1, 1]}
  v = Reshape(p) {shape=(-1, 24)}
  qv = QuantizeLinear(v, s1, z5)
  y = DequantizeLinear(qv, s1, z5)
  output y
}
)";

TEST_F(LowerInt8, WholeBlocks) {
  const Graph graph = load(kBlock);
  const std::string text = after(lower_int8, graph);
  EXPECT_EQ(count(text, "DequantizeLinear"), 1) << text;
  EXPECT_EQ(count(text, "= QuantizeLinear"), 2) << text;
  EXPECT_EQ(count(text, "qm"), 0) << text;
  EXPECT_EQ(count(text, "QuantizedAdd2(qx, s0, z5, qh, s1, z, s2, z)"), 1) << text;
  EXPECT_EQ(count(text, "QuantizedLookup("), 1) << text;
  EXPECT_EQ(count(text, "Requantize("), 1) << text;
  expect_same_values(graph);
}

TEST_F(LowerInt8, PadsWithTheZeroPoint) {
  const Graph graph = load(R"(graph net {
  input x: float32 (2, 4)
  parameter s0: float32 (1)
  parameter z5: float32 (1)
  qx = QuantizeLinear(x, s0, z5)
  dx = DequantizeLinear(qx, s0, z5)
  y = Pad(dx) {pad_width=[1, 2]}
  output y
}
)");
  const std::string text = after(lower_int8, graph);
  EXPECT_EQ(count(text, "Pad(qx) {pad_width=[1, 2], constant_value=5}"), 1) << text;
  expect_same_values(graph);
}

// The quantizer behind the pooling goes in front of it, and the convolution takes it in.
constexpr std::string_view kPooledBehind = R"(graph net {
  input x: float32 (-1, 2, 4, 4)
  parameter s0: float32 (1)
  parameter z: float32 (1)
  parameter W: float32 (3, 2, 3, 3)
  parameter sw: float32 (3, 1, 1, 1)
  parameter zw: float32 (3, 1, 1, 1)
  parameter s1: float32 (1)
  qx = QuantizeLinear(x, s0, z)
  dx = DequantizeLinear(qx, s0, z)
  qw = QuantizeLinear(W, sw, zw)
  dw = DequantizeLinear(qw, sw, zw)
  h = Convolution(dx, dw)
  r = ReLU6(h)
  m = MaxPooling(r) {kernel=(2, 2)}
  qm = QuantizeLinear(m, s1, z)
  y = DequantizeLinear(qm, s1, z)
  output y
}
)";

TEST_F(LowerInt8, QuantizersMoveInFrontOfWhatMovesValues) {
  const Graph graph = load(kPooledBehind);
  EXPECT_EQ(after(lower_int8, graph), R"(graph net {
  input x: float32 (-1, 2, 4, 4)
  parameter s0: float32 (1)
  parameter z: float32 (1)
  parameter W: float32 (3, 2, 3, 3)
  parameter sw: float32 (3, 1, 1, 1)
  parameter zw: float32 (3, 1, 1, 1)
  parameter s1: float32 (1)
  qx = QuantizeLinear(x, s0, z)
  qw = QuantizeLinear(W, sw, zw)
  r_quantized = QuantizedConvolution(qx, s0, z, qw, sw, s1, z) {activation="RELU6"}
  qm = MaxPooling(r_quantized) {kernel=(2, 2)}
  y = DequantizeLinear(qm, s1, z)
  output y
}
)");
  expect_same_values(graph);
}

constexpr std::string_view kFloatInside = R"(graph net {
  input x: float32 (-1, 6)
  parameter s0: float32 (1)
  parameter z: float32 (1)
  parameter s1: float32 (1)
  qx = QuantizeLinear(x, s0, z)
  dx = DequantizeLinear(qx, s0, z)
  soft = Softmax(dx) {axis=1}
  qs = QuantizeLinear(soft, s1, z)
  ds = DequantizeLinear(qs, s1, z)
  lean = Add2(ds, dx)
  free = Sigmoid(lean)
  qf = QuantizeLinear(free, s0, z)
  df = DequantizeLinear(qf, s0, z)
  y = Softmax(df) {axis=1}
  output y
}
)";

TEST_F(LowerInt8, ListsAllFunctionsThatWouldStayFloat) {
  EXPECT_EQ(error(kFloatInside),
            "[lower_int8] precision_mode QNN leaves no float function between integer ones, but "
            "network net has 3: soft (Softmax: it has no integer function), lean (Add2: not all of "
            "its inputs and its output are quantized), free (Sigmoid: not all of its inputs and "
            "its output are quantized); write precision_mode = MIXED_QNN, or leave what is behind "
            "them float too (skip_outputs_layers, exclude)");
}

// A network of many layers still gives one line that can be read, with what helps.
TEST_F(LowerInt8, NamesTheFirstOfManyAndSaysWhatFoldsThem) {
  std::string text =
      "graph deep {\n  input x: float32 (-1, 6)\n  parameter s: float32 (1)\n"
      "  parameter z: float32 (1)\n  q0 = QuantizeLinear(x, s, z)\n"
      "  d0 = DequantizeLinear(q0, s, z)\n";
  for (const char* part : {"beta", "gamma", "mean", "var"}) {
    text += fmt::format("  parameter {}: float32 (1, 6)\n", part);
  }
  for (int i = 0; i < 20; ++i) {
    text += fmt::format(
        "  n{0} = BatchNormalization[bn{0}](d{0}, beta, gamma, mean, var)\n"
        "  q{1} = QuantizeLinear(n{0}, s, z)\n  d{1} = DequantizeLinear(q{1}, s, z)\n",
        i, i + 1);
  }
  text += "  output d20\n}\n";
  const std::string start =
      "[lower_int8] precision_mode QNN leaves no float function between integer ones, but network "
      "deep has 20: bn0 (BatchNormalization: it has no integer function), bn1 (BatchNormalization: "
      "it has no integer function), bn2 (BatchNormalization: it has no integer function) and 17 "
      "more; write ";
  const std::string end =
      "precision_mode = MIXED_QNN, or leave what is behind them float too (skip_outputs_layers, "
      "exclude)";
  EXPECT_EQ(error(text), start +
                             "bn_folding = true (and bn_self_folding = true for what is behind no "
                             "layer), or " +
                             end);
  ctx_.config.bn_folding = true;
  EXPECT_EQ(error(text), start + "bn_self_folding = true, or " + end);
  ctx_.config.bn_self_folding = true;
  EXPECT_EQ(error(text), start + end);
}

TEST_F(LowerInt8, MixedLeavesThemFloat) {
  ctx_.config.precision_mode = PrecisionMode::MIXED_QNN;
  const Graph graph = load(kFloatInside);
  EXPECT_TRUE(equal(compact(lower_int8(graph, ctx_)), graph));
}

// The last layer's output is read as it is: accumulators, dequantized.
TEST_F(LowerInt8, ALastLayerGivesItsAccumulators) {
  parameters_.set("sc", at::tensor({0.03125F, 0.0625F, 0.015625F}).reshape({1, 3}), false);
  parameters_.set("zc", at::zeros({1, 3}), false);
  const Graph graph = load(R"(graph net {
  input x: float32 (-1, 5)
  parameter s0: float32 (1)
  parameter z5: float32 (1)
  parameter W: float32 (5, 3)
  parameter sc: float32 (1, 3)
  parameter zc: float32 (1, 3)
  qx = QuantizeLinear(x, s0, z5)
  dx = DequantizeLinear(qx, s0, z5)
  qw = QuantizeLinear(W, sc, zc)
  dw = DequantizeLinear(qw, sc, zc)
  y = Affine(dx, dw)
  output y
}
)");
  const std::string text = after(lower_int8, graph);
  EXPECT_EQ(count(text,
                  "y_accumulator = QuantizedAffine(qx, s0, z5, qw, sc, scale-acc, "
                  "zeropoint-acc) {dtype=5, bits=32}"),
            1)
      << text;
  EXPECT_EQ(count(text, "y = DequantizeLinear(y_accumulator, scale-acc, zeropoint-acc)"), 1)
      << text;
  expect_same_values(graph);
}

// 8 columns of 127 times inputs at most 133 from their zero point, and a bias of 1 in steps of
// 2^-31: 2147483520, the largest float32 below 2^31, and 135128 more.
TEST_F(LowerInt8, WarnsOfAccumulatorsThatInt32DoesNotHold) {
  const LogCapture log;
  parameters_.set("W", at::full({8, 2}, 127), true);
  parameters_.set("one", at::ones({1}), false);
  parameters_.set("tiny", at::full({1}, 0x1p-31), false);
  parameters_.set("b", at::ones({2}), true);
  const std::string text = R"(graph net {
  input x: float32 (-1, 8)
  parameter tiny: float32 (1)
  parameter z5: float32 (1)
  parameter W: float32 (8, 2)
  parameter one: float32 (1)
  parameter z: float32 (1)
  parameter b: float32 (2)
  qx = QuantizeLinear(x, tiny, z5)
  dx = DequantizeLinear(qx, tiny, z5)
  qw = QuantizeLinear(W, one, z)
  dw = DequantizeLinear(qw, one, z)
  y = Affine[fc](dx, dw, b)
  output y
}
)";
  lower_int8(load(text), ctx_);
  EXPECT_EQ(log.text(),
            "warning: [lower_int8] fc: its accumulators may reach 2147618648, which int32 does not "
            "hold; a deployed network would give other numbers\n");
  // The training network says it, once; and a smaller bias is no reason to.
  ctx_.training = false;
  lower_int8(load(text), ctx_);
  parameters_.set("b", at::full({2}, 0.5), true);
  ctx_.training = true;
  lower_int8(load(text), ctx_);
  const std::string logged = log.text();
  EXPECT_EQ(std::count(logged.begin(), logged.end(), '\n'), 1) << logged;
}

// The scales of the three columns serve both groups, and so does what becomes of the bias.
constexpr std::string_view kGroupedTransposed = R"(graph net {
  input x: float32 (-1, 4, 3, 3)
  parameter s0: float32 (1)
  parameter z5: float32 (1)
  parameter W: float32 (4, 3, 2, 2)
  parameter st: float32 (1, 3, 1, 1)
  parameter zt: float32 (1, 3, 1, 1)
  parameter b: float32 (6)
  parameter s1: float32 (1)
  parameter z: float32 (1)
  qx = QuantizeLinear(x, s0, z5)
  dx = DequantizeLinear(qx, s0, z5)
  qw = QuantizeLinear(W, st, zt)
  dw = DequantizeLinear(qw, st, zt)
  h = Deconvolution(dx, dw, b) {stride=(2, 2), group=2}
  qy = QuantizeLinear(h, s1, z)
  y = DequantizeLinear(qy, s1, z)
  output y
}
)";

TEST_F(LowerInt8, AGroupedTransposedConvolutionPerChannelWithABias) {
  parameters_.set("st", at::tensor({0.03125F, 0.0625F, 0.015625F}).reshape({1, 3, 1, 1}), false);
  parameters_.set("zt", at::zeros({1, 3, 1, 1}), false);
  // On the grid of each channel's accumulator.
  parameters_.set("b", at::tensor({0.5F, -0.25F, 0.125F, -1.0F, 0.75F, 0.375F}), true);
  for (const bool keeps_float_biases : {false, true}) {
    SCOPED_TRACE(keeps_float_biases);
    const Graph graph = load(kGroupedTransposed);
    ctx_.keep_float_biases = keeps_float_biases;
    const std::string text = after(lower_int8, graph);
    EXPECT_EQ(count(text, "= QuantizedDeconvolution"), 1) << text;
    EXPECT_EQ(count(text, "= Deconvolution"), 0) << text;
    expect_same_values(graph);
  }
}

// Two values on one scale, `function` of them, another scale.
std::string of_two(const std::string& function) {
  return replaced(std::string(R"(graph net {
  input x: float32 (-1, 3, 2)
  input m: float32 (-1, 3, 2)
  parameter s0: float32 (1)
  parameter s1: float32 (1)
  parameter s2: float32 (1)
  parameter z: float32 (1)
  parameter z5: float32 (1)
  parameter a: float32 (1)
  parameter ac: float32 (3)
  qx = QuantizeLinear(x, s0, z5)
  dx = DequantizeLinear(qx, s0, z5)
  qm = QuantizeLinear(m, s1, z)
  dm = DequantizeLinear(qm, s1, z)
  qa = QuantizeLinear(a, s0, z)
  da = DequantizeLinear(qa, s0, z)
  qc = QuantizeLinear(ac, s0, z)
  dc = DequantizeLinear(qc, s0, z)
  h = FUNCTION
  qh = QuantizeLinear(h, s2, z)
  y = DequantizeLinear(qh, s2, z)
  output y
}
)"),
                  "FUNCTION", function);
}

class LowerOfTwo : public LowerInt8 {
 protected:
  LowerOfTwo() {
    parameters_.set("a", at::full({1}, 0.25F), /*need_grad=*/true);
    parameters_.set("ac", at::tensor({0.25F, 0.5F, 0.125F}), /*need_grad=*/true);
  }

  // The integers of the lowered network, worked out from those of its inputs, and the gradients of
  // x beside those of the Q/DQ form.
  void expect_integers(const std::string& function,
                       const std::function<at::Tensor(const at::Tensor&, const at::Tensor&)>& f) {
    const Graph graph = load(of_two(function));
    const Graph lowered = lower_int8(graph, ctx_);
    at::Tensor x = at::randn({4, 3, 2}, random_.generator(at::kCPU), at::kFloat) * 5;
    const at::Tensor m = at::randn({4, 3, 2}, random_.generator(at::kCPU), at::kFloat) * 10;
    // int64, in units of 1 / 16: s0 is 1 / 16, s1 is 1 / 8, s2 is 1 / 4.
    const at::Tensor qx = at::clamp(at::round(x / 0.0625) + 5, -128, 127).to(at::kLong) - 5;
    const at::Tensor qm = at::clamp(at::round(m / 0.125), -128, 127).to(at::kLong) * 2;
    const at::Tensor expected = f(qx, qm).clamp(-128, 127);
    std::vector<at::Tensor> gradients;
    for (const Graph* net : {&graph, &lowered}) {
      at::Tensor input = x.clone().set_requires_grad(true);
      const VariableId y = net->find_variable("y");
      const at::AutoGradMode with_gradients(true);
      const at::Tensor out =
          run(*net, parameters_, {{net->find_variable("x"), input}, {net->find_variable("m"), m}},
              {y}, random_)
              .at(y);
      EXPECT_TRUE(at::equal((out / 0.25).to(at::kLong), expected));
      out.sum().backward();
      gradients.push_back(input.grad());
    }
    EXPECT_TRUE(at::equal(gradients[0], gradients[1]));
  }

  std::string lowered(const std::string& function) {
    return print(compact(lower_int8(load(of_two(function)), ctx_)));
  }

  RandomState random_{3};
};

// n / 4, rounded half to even.
at::Tensor quarter(const at::Tensor& n) {
  return at::round(n.to(at::kDouble) / 4).to(at::kLong);
}

TEST_F(LowerOfTwo, AStackIsAConcatenationOfLongerIntegers) {
  for (const int64_t axis : {0, 1, 3, -1}) {
    const std::string stack = fmt::format("Stack(dx, dm) {{axis={}}}", axis);
    EXPECT_EQ(count(lowered(stack), "QuantizedConcatenate("), 1) << lowered(stack);
    EXPECT_EQ(count(lowered(stack), "= Stack("), 0);
    expect_integers(stack, [&](const at::Tensor& x, const at::Tensor& m) {
      return quarter(at::stack({x, m}, axis));
    });
  }
}

TEST_F(LowerOfTwo, AnAddNOfTwoIsAnAddition) {
  EXPECT_EQ(count(lowered("AddN(dx, dm)"), "QuantizedAdd2("), 1);
  expect_integers("AddN(dx, dm)",
                  [](const at::Tensor& x, const at::Tensor& m) { return quarter(x + m); });
}

TEST_F(LowerOfTwo, AnAddNOfThreeSaysWhatToWrite) {
  EXPECT_THAT(error(of_two("AddN(dx, dm, dx)")),
              ::testing::HasSubstr("h (AddN: integers are added two at a time, by Add2)"));
}

// The slope 1 / 4 is a table's.
TEST_F(LowerOfTwo, APReLUWithOneSlopeIsATable) {
  const LogCapture log;
  EXPECT_EQ(count(lowered("PReLU(dx, da)"), "QuantizedLookup("), 1);
  EXPECT_THAT(log.text(), ::testing::HasSubstr(
                              "[lower_int8] h (PReLU) is a table from here on: its slope 0.25 is "
                              "not trained"));
  expect_integers("PReLU(dx, da)", [](const at::Tensor& x, const at::Tensor&) {
    // In units of 1 / 64, so that the slope divides nothing.
    return at::round(at::where(x >= 0, x * 4, x).to(at::kDouble) / 16).to(at::kLong);
  });
}

TEST_F(LowerOfTwo, APReLUWithSlopesByChannelStaysFloat) {
  EXPECT_THAT(error(of_two("PReLU(dx, dc)")),
              ::testing::HasSubstr("h (PReLU: its slope differs by channel, which no table has)"));
}

// A plan is compiled once, while the slope may train on.
TEST_F(LowerOfTwo, APlanMakesNoTableOfASlope) {
  ctx_.config.precision_mode = PrecisionMode::MIXED_QNN;
  ctx_.keep_float_biases = true;
  EXPECT_EQ(count(lowered("PReLU(dx, da)"), "QuantizedLookup("), 0);
}

TEST_F(LowerInt8, AWeightWithAZeroPointStaysFloat) {
  parameters_.set("zw", at::full({3, 1, 1, 1}, 1, at::kFloat), false);
  const Graph graph = load(kPooledBehind);
  EXPECT_EQ(count(error(kPooledBehind), "(Convolution: not all"), 1) << error(kPooledBehind);
  ctx_.config.precision_mode = PrecisionMode::MIXED_QNN;
  expect_same_values(graph);
}

}  // namespace
}  // namespace octet
