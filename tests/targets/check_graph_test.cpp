// The rules of each target, on graphs that break one of them at a time.
#include "octet/targets/check_graph.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "octet/base/error.h"
#include "octet/graph/text.h"

namespace octet {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Parameters by what their names end in: s* a scale of 0.5, z* a zero point of 0, else 0.25. The
// scale of a bias is that of input and weight multiplied.
void fill(const Graph& graph, ParameterStore& store) {
  for (const VariableId id : graph.leaves(graph.outputs())) {
    const Variable& variable = graph.variable(id);
    if (variable.kind != VariableKind::kParameter) continue;
    const char kind = variable.name[0];
    const float value = variable.name == "sb" ? 0.25F
                        : kind == 's'         ? 0.5F
                        : kind == 'z'         ? 0
                                              : 0.25F;
    store.set(variable.name, at::full(variable.type.shape, value), false);
  }
}

class CheckGraphTest : public ::testing::Test {
 protected:
  // A quantized convolution and ReLU in front of another one. The strings are put into the text:
  // what differs from a healthy network.
  struct Changes {
    std::string activation = "{}";  // attributes of the input's QuantizeLinear
    std::string weight = "{}";
    std::string scale_shape = "(1, 1, 1, 1)";  // of the input's scale
    std::string weight_scale_shape = "(4, 1, 1, 1)";
  };
  Graph network(const Changes& changes) {
    const auto attributes = [](const std::string& text) { return text == "{}" ? "" : text; };
    return load(fmt::format(
        R"(graph net {{
  input x: float32 (-1, 3, 8, 8)
  parameter w: float32 (4, 3, 3, 3)
  parameter sx: float32 {0}
  parameter zx: float32 {0}
  parameter sw: float32 {1}
  parameter zw: float32 {1}
  xq = QuantizeLinear(x, sx, zx) {2}
  xd = DequantizeLinear(xq, sx, zx)
  wq = QuantizeLinear(w, sw, zw) {3}
  wd = DequantizeLinear(wq, sw, zw)
  h = Convolution[conv](xd, wd)
  r = ReLU[act](h)
  output r
}})",
        changes.scale_shape, changes.weight_scale_shape, attributes(changes.activation),
        attributes(changes.weight)));
  }
  Graph load(const std::string& text) {
    Graph graph = parse_graph(text);
    fill(graph, store_);
    return graph;
  }
  // "layer rule" of each finding; "!" in front of what is refused.
  std::vector<std::string> rules(const Graph& graph, Target target) {
    std::vector<std::string> all;
    for (const Finding& finding : check_graph(graph, store_, target)) {
      all.push_back(
          fmt::format("{}{} {}", finding.refused ? "!" : "", finding.layer, finding.rule));
    }
    return all;
  }
  std::string message(const Graph& graph, Target target, size_t index = 0) {
    const std::vector<Finding> findings = check_graph(graph, store_, target);
    return findings.size() > index ? findings[index].message : "";
  }

  ParameterStore store_;
};

TEST_F(CheckGraphTest, AHealthyNetworkHasNoFindings) {
  const Graph graph = network({});
  EXPECT_THAT(rules(graph, Target::DEFAULT), IsEmpty());
  EXPECT_THAT(rules(graph, Target::TENSORRT), IsEmpty());
  EXPECT_NO_THROW(require_target(graph, store_, Target::TENSORRT));
}

TEST_F(CheckGraphTest, AFloatNetworkHasNoFindings) {
  const Graph graph = load(R"(graph net {
    input x: float32 (-1, 3, 8, 8)
    parameter w: float32 (4, 3, 3, 3)
    h = Convolution(x, w)
    y = ReLU(h)
    output y
  })");
  for (const Target target :
       {Target::DEFAULT, Target::NNABLA, Target::TENSORRT, Target::ONNXRUNTIME}) {
    EXPECT_THAT(rules(graph, target), IsEmpty()) << to_string(target);
  }
}

TEST_F(CheckGraphTest, IntegerTypeBitsAndRounding) {
  const Graph wide = network({.activation = "{dtype=3}"});
  EXPECT_THAT(rules(wide, Target::TENSORRT), ElementsAre("!conv integer-type"));
  EXPECT_THAT(rules(wide, Target::DEFAULT), IsEmpty());
  const Graph byte = network({.activation = "{dtype=2}"});
  EXPECT_THAT(rules(byte, Target::TENSORRT), ElementsAre("!conv integer-type"));
  EXPECT_EQ(message(byte, Target::TENSORRT),
            "target tensorrt: input 'xd' is quantized to uint8, which it cannot take");
  const Graph four = network({.weight = "{bits=4}"});
  EXPECT_THAT(rules(four, Target::TENSORRT), ElementsAre("!conv bits"));
  EXPECT_EQ(message(four, Target::TENSORRT),
            "target tensorrt: input 'wd' is quantized to 4 bits of int8");
  const Graph away = network({.activation = "{round_mode=\"HALF_AWAY_FROM_ZERO\"}"});
  EXPECT_THAT(rules(away, Target::TENSORRT), ElementsAre("!conv rounding"));
  EXPECT_EQ(message(away, Target::TENSORRT),
            "target tensorrt: input 'xd' is rounded HALF_AWAY_FROM_ZERO; it rounds HALF_TO_EVEN");
  EXPECT_THAT(rules(away, Target::DEFAULT), IsEmpty());
}

// NNabla's quantizers are arithmetic on floats, in which stored integers are as good as any number.
TEST_F(CheckGraphTest, NnablaMakesBytesAndReadsAnything) {
  const Graph wide = network({.activation = "{dtype=5}"});
  EXPECT_THAT(rules(wide, Target::NNABLA), ElementsAre("!xq integer-type"));
  EXPECT_EQ(message(wide, Target::NNABLA),
            "target nnabla: its QuantizeLinear has no int32; take skip_bias = true for biases, or "
            "store the integers (--deploy)");
  const Graph four = network({.weight = "{bits=4}"});
  EXPECT_THAT(rules(four, Target::NNABLA), ElementsAre("!wq bits"));
  EXPECT_EQ(message(four, Target::NNABLA),
            "target nnabla: its QuantizeLinear has no 4 bits of int8; weights may be stored as "
            "integers (--deploy)");
  EXPECT_THAT(
      rules(network({.activation = "{dtype=2, ste=\"STRAIGHT\"}", .scale_shape = "(1, 3, 1, 1)"}),
            Target::NNABLA),
      IsEmpty());
  const Graph stored = load(R"(graph net {
    input x: float32 (-1, 3)
    parameter b: int32 (4)
    parameter w: float32 (3, 4)
    parameter sb: float32 (1)
    parameter zb: float32 (1)
    d = DequantizeLinear(b, sb, zb)
    y = Affine[fc](x, w, d)
    output y
  })");
  EXPECT_THAT(rules(stored, Target::NNABLA), IsEmpty());
}

TEST_F(CheckGraphTest, NnablasFunctionsAlone) {
  const auto refused = [&](const std::string& line) {
    const Graph graph =
        load(fmt::format("graph net {{\n input x: float32 (-1, 3, 8, 8)\n "
                         "input r: float32 (-1, 1, 8)\n "
                         "input b: float32 (-1, 5, 4)\n parameter p: float32 (4, 4)\n "
                         "parameter v: float32 (4)\n y = {}\n output y\n}}\n",
                         line));
    EXPECT_THAT(rules(graph, Target::DEFAULT), IsEmpty());
    const std::vector<Finding> findings = check_graph(graph, store_, Target::NNABLA);
    EXPECT_EQ(findings.size(), 1u);
    return findings.empty() ? "" : fmt::format("{}: {}", findings[0].rule, findings[0].message);
  };
  EXPECT_EQ(refused("HardSwish(x)"), "function: target nnabla: it has no function HardSwish");
  EXPECT_EQ(refused("MaxPooling(x) {kernel=(3, 3), ceil_mode=true}"),
            "argument: target nnabla: its MaxPooling has no ceil_mode, which is true here");
  EXPECT_EQ(refused("MaxPooling(x) {kernel=(3, 3), pad=(1, 1), pad_end=(1, 0), dilation=(1, 1)}"),
            "argument: target nnabla: its MaxPooling has no pad_end, which is (1, 0) here");
  EXPECT_EQ(refused("BatchMatmul(b, p)"),
            "operand: target nnabla: its BatchMatmul takes matrices in a batch, not 'p' (4, 4)");
  EXPECT_EQ(refused("MaxPooling(r) {kernel=(2)}"),
            "operand: target nnabla: its MaxPooling has windows of 2 or 3 dimensions, not of (2)");
  EXPECT_EQ(refused("Split(r) {axis=1}"),
            "operand: target nnabla: its Split has two outputs or more, not one");
  EXPECT_EQ(refused("Add2(b, v)"),
            "operand: target nnabla: its Add2 takes values of as many dimensions, not (-1, 5, 4) "
            "and (4)");
  EXPECT_EQ(refused("BatchNormalization(x) {no_scale=true, no_bias=true}"),
            "operand: target nnabla: its BatchNormalization has the running mean and variance as "
            "inputs");
  EXPECT_EQ(refused("Concatenate(x, x) {axis=0}"),
            "batch: target nnabla: it takes one batch size for all values, those of joined batches "
            "too");
  EXPECT_EQ(refused("Reshape(x) {shape=(-1, 4)}"),
            "batch: target nnabla: it takes the free first dimension of a reshape from (-1, 3, 8, "
            "8) to (-1, 4) for the batch size");
  EXPECT_THAT(rules(load(R"(graph net {
    input x: float32 (-1, 3, 8, 8)
    p = MaxPooling(x) {kernel=(3, 3), pad=(1, 1), pad_end=(1, 1), dilation=(1, 1)}
    y = Reshape(p) {shape=(0, -1)}
    output y
  })"),
                    Target::NNABLA),
              IsEmpty());
  const Graph open = load(R"(graph net {
    input x: float32 (-1, 3, -1, -1)
    y = ReLU(x)
    output y
  })");
  EXPECT_EQ(message(open, Target::NNABLA),
            "target nnabla: input 'x' (-1, 3, -1, -1) leaves more open than the batch size, which "
            "it takes for all of them");
}

TEST_F(CheckGraphTest, NarrowRangeOnlyWhereItShows) {
  EXPECT_THAT(rules(network({.weight = "{narrow_range=true}"}), Target::TENSORRT), IsEmpty());
  const Graph activation = network({.activation = "{narrow_range=true}"});
  EXPECT_THAT(rules(activation, Target::TENSORRT), ElementsAre("!conv narrow-range"));
  EXPECT_EQ(message(activation, Target::TENSORRT),
            "target tensorrt: input 'xd' is clamped to -127..127; it clamps to the whole range of "
            "int8");
  const Graph weight = network({.weight = "{narrow_range=true}"});
  store_.set("w", at::full({4, 3, 3, 3}, -64), false);  // -128 steps
  EXPECT_THAT(rules(weight, Target::TENSORRT), ElementsAre("!conv narrow-range"));
}

TEST_F(CheckGraphTest, ZeroPointAndScale) {
  const Graph graph = network({});
  store_.set("zx", at::full({1, 1, 1, 1}, 3), false);
  EXPECT_EQ(message(graph, Target::TENSORRT),
            "target tensorrt: the zero point of input 'xd' is 3, not 0");
  EXPECT_THAT(rules(graph, Target::NNABLA), IsEmpty());
  store_.set("zx", at::zeros({1, 1, 1, 1}), false);
  store_.set("sx", at::full({1, 1, 1, 1}, -1), false);
  EXPECT_EQ(message(graph, Target::TENSORRT),
            "target tensorrt: a scale of input 'xd' is not a positive number");
  EXPECT_EQ(rules(graph, Target::DEFAULT), std::vector<std::string>{"!conv scale"});
}

TEST_F(CheckGraphTest, ScalesPerChannel) {
  const Graph activation = network({.scale_shape = "(1, 3, 1, 1)"});
  EXPECT_EQ(message(activation, Target::TENSORRT),
            "target tensorrt: input 'xd' has one scale per channel");
  const Graph other_axis = network({.weight_scale_shape = "(1, 3, 1, 1)"});
  EXPECT_EQ(message(other_axis, Target::TENSORRT),
            "target tensorrt: the scales of weight 'wd' do not run along its output channels (axis "
            "0)");
}

// recorder_position BOTH quantizes what the last quantized layer gives, for that layer: the float
// layer behind it (skip_outputs_layers) is as it should be. A pair on an input is for its reader.
TEST_F(CheckGraphTest, AFloatLayerBehindAQuantizedOutput) {
  const std::string head = R"(graph net {
    input x: float32 (-1, 3)
    parameter w: float32 (3, 3)
    parameter s: float32 (1, 1)
    parameter z: float32 (1, 1)
    xq = QuantizeLinear(x, s, z)
    xd = DequantizeLinear(xq, s, z)
    wq = QuantizeLinear(w, s, z)
    wd = DequantizeLinear(wq, s, z)
)";
  const std::string tail = R"(
    rq = QuantizeLinear(r, s, z)
    rd = DequantizeLinear(rq, s, z)
    y = Affine[fc](rd, w)
    output y
  })";
  for (const Target target : {Target::TENSORRT, Target::ONNXRUNTIME}) {
    const auto both = [&](const std::string& middle) {
      const std::vector<std::string> found = rules(load(head + middle + tail), target);
      return std::count(found.begin(), found.end(), "fc both-operands");
    };
    EXPECT_EQ(both("h = Affine[hidden](xd, wd)\n r = ReLU(h)"), 0);
    EXPECT_EQ(both("r = Add2[sum](xd, xd)"), 0);
    EXPECT_EQ(both("h = Affine[hidden](x, w)\n r = ReLU(h)"), 1);
  }
}

TEST_F(CheckGraphTest, PartsOfTraining) {
  const Graph graph = load(R"(graph net {
    input x: float32 (-1, 3)
    parameter w: float32 (3, 4)
    parameter t: float32 (1, 1)
    parameter z: float32 (1, 1)
    s = LearnedScale[learned](t)
    xq = QuantizeLinear(x, s, z)
    xd = DequantizeLinear(xq, s, z)
    y = Affine[fc](xd, w)
    output y
  })");
  EXPECT_THAT(rules(graph, Target::TENSORRT),
              ElementsAre("!learned converted", "!fc scale", "fc both-operands"));
  EXPECT_EQ(message(graph, Target::TENSORRT),
            "LearnedScale is a function of training, which tensorrt does not know; save the "
            "network with QATScheduler::save");
  EXPECT_EQ(message(graph, Target::TENSORRT, 1),
            "target tensorrt: the scale of input 'xd' is computed, not a constant");
  EXPECT_EQ(message(graph, Target::TENSORRT, 2),
            "target tensorrt: 'xd' is quantized, but 'w' is not: the layer runs in float");
  EXPECT_THAT(rules(graph, Target::DEFAULT), IsEmpty());
}

TEST_F(CheckGraphTest, TensorRtWantsNoPairBeforeTheActivation) {
  const Graph graph = load(R"(graph net {
    input x: float32 (-1, 3)
    parameter w: float32 (3, 4)
    parameter s: float32 (1, 1)
    parameter z: float32 (1, 1)
    h = Affine[fc](x, w)
    hq = QuantizeLinear(h, s, z)
    hd = DequantizeLinear(hq, s, z)
    y = ReLU[act](hd)
    output y
  })");
  EXPECT_THAT(rules(graph, Target::TENSORRT), ElementsAre("act fusion"));
  EXPECT_EQ(
      message(graph, Target::TENSORRT),
      "target tensorrt: a Q/DQ pair stands between 'fc' and this ReLU, so that the two do not "
      "become one kernel");
  EXPECT_NO_THROW(require_target(graph, store_, Target::TENSORRT));
}

// A quantized convolution beside a skip connection; the addition's operands as given.
std::string residual(const std::string& branch, const std::string& skip) {
  return fmt::format(R"(graph net {{
    input x: float32 (-1, 4, 8, 8)
    parameter w: float32 (4, 4, 1, 1)
    parameter s: float32 (1, 1, 1, 1)
    parameter z: float32 (1, 1, 1, 1)
    xq = QuantizeLinear(x, s, z)
    xd = DequantizeLinear(xq, s, z)
    wq = QuantizeLinear(w, s, z)
    wd = DequantizeLinear(wq, s, z)
    h = Convolution[conv](xd, wd)
    hq = QuantizeLinear(h, s, z)
    hd = DequantizeLinear(hq, s, z)
    y = Add2[add]({}, {})
    output y
  }})",
                     branch, skip);
}

TEST_F(CheckGraphTest, TensorRtsResidualRule) {
  EXPECT_THAT(rules(load(residual("xd", "hd")), Target::TENSORRT), ElementsAre("add residual"));
  EXPECT_EQ(message(load(residual("xd", "hd")), Target::TENSORRT),
            "target tensorrt: both operands are quantized; leave that of convolution 'conv' float, "
            "so that it takes the addition in");
  Graph fused = load(residual("h", "xd"));
  EXPECT_THAT(rules(compact(fused), Target::TENSORRT), IsEmpty());
  EXPECT_EQ(message(compact(load(residual("x", "h"))), Target::TENSORRT),
            "target tensorrt: the operand beside convolution 'conv' is not quantized, so the "
            "addition runs in float");
}

// A convolution for ONNX Runtime; `bias` is its third input, `output` what the network returns.
std::string convolution_with_bias(const std::string& bias, const std::string& output) {
  return fmt::format(R"(graph net {{
    input x: float32 (-1, 4, 8, 8)
    parameter w: float32 (4, 4, 1, 1)
    parameter b: float32 (4)
    parameter s: float32 (1, 1, 1, 1)
    parameter z: float32 (1, 1, 1, 1)
    parameter sb: float32 (1)
    parameter zb: float32 (1)
    xq = QuantizeLinear(x, s, z) {{dtype=2}}
    xd = DequantizeLinear(xq, s, z)
    wq = QuantizeLinear(w, s, z)
    wd = DequantizeLinear(wq, s, z)
    bq = QuantizeLinear(b, sb, zb) {{dtype=5}}
    bd = DequantizeLinear(bq, sb, zb)
    h = Convolution[conv](xd, wd, {})
    r = ReLU[act](h)
    rq = QuantizeLinear(r, s, z) {{dtype=2}}
    rd = DequantizeLinear(rq, s, z)
    output {}
  }})",
                     bias, output);
}

TEST_F(CheckGraphTest, TheBiasOfAGroupedTransposedConvolutionPerChannel) {
  const Graph graph = load(R"(graph net {
    input x: float32 (-1, 4, 8, 8)
    parameter w: float32 (4, 3, 1, 1)
    parameter b: float32 (6)
    parameter s: float32 (1, 1, 1, 1)
    parameter z: float32 (1, 1, 1, 1)
    parameter sw: float32 (1, 3, 1, 1)
    parameter zw: float32 (1, 3, 1, 1)
    parameter sb: float32 (6)
    parameter zb: float32 (6)
    xq = QuantizeLinear(x, s, z) {dtype=2}
    xd = DequantizeLinear(xq, s, z)
    wq = QuantizeLinear(w, sw, zw)
    wd = DequantizeLinear(wq, sw, zw)
    bq = QuantizeLinear(b, sb, zb) {dtype=5}
    bd = DequantizeLinear(bq, sb, zb)
    h = Deconvolution[up](xd, wd, bd) {group=2}
    hq = QuantizeLinear(h, s, z) {dtype=2}
    hd = DequantizeLinear(hq, s, z)
    output hd
  })");
  EXPECT_THAT(rules(graph, Target::ONNXRUNTIME), Not(Contains(HasSubstr("bias-scale"))));
  store_.set("sb", at::full({6}, 0.3), false);
  EXPECT_THAT(rules(graph, Target::ONNXRUNTIME), Contains("!up bias-scale"));
}

TEST_F(CheckGraphTest, OnnxRuntimesKernels) {
  EXPECT_THAT(rules(load(convolution_with_bias("bd", "rd")), Target::ONNXRUNTIME), IsEmpty());
  const Graph float_bias = load(convolution_with_bias("b", "rd"));
  EXPECT_THAT(rules(float_bias, Target::ONNXRUNTIME), ElementsAre("conv bias"));
  EXPECT_THAT(message(float_bias, Target::ONNXRUNTIME),
              HasSubstr("the bias 'b' is float32, so no integer kernel forms"));
  const Graph float_output = load(convolution_with_bias("bd", "r"));
  EXPECT_THAT(rules(float_output, Target::ONNXRUNTIME), ElementsAre("conv output"));
  EXPECT_EQ(message(float_output, Target::ONNXRUNTIME),
            "target onnxruntime: the output 'h' is not quantized, so no integer kernel forms and "
            "the layer runs in float");
  const Graph wrong_scale = load(convolution_with_bias("bd", "rd"));
  store_.set("sb", at::full({1}, 0.3), false);
  EXPECT_THAT(rules(wrong_scale, Target::ONNXRUNTIME), ElementsAre("!conv bias-scale"));
  EXPECT_EQ(message(wrong_scale, Target::ONNXRUNTIME),
            "target onnxruntime: the scale of bias 'bd' is not the product of those of input and "
            "weight");
  EXPECT_THAT(rules(wrong_scale, Target::TENSORRT),
              ElementsAre("!conv integer-type", "!conv integer-type"));
}

TEST_F(CheckGraphTest, OnnxRuntimeIsSlowWithSignedActivations) {
  const Graph graph = network({});
  EXPECT_THAT(rules(graph, Target::ONNXRUNTIME), ElementsAre(" activation-type", "conv output"));
  EXPECT_EQ(message(graph, Target::ONNXRUNTIME),
            "1 activations are int8: on x86-64 onnxruntime computes them several times slower than "
            "uint8");
}

TEST_F(CheckGraphTest, RequireTargetNamesTheLayer) {
  const Graph graph = network({.weight = "{bits=4}"});
  try {
    require_target(graph, store_, Target::TENSORRT);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[conv] target tensorrt: input 'wd' is quantized to 4 bits of int8");
  }
}

}  // namespace
}  // namespace octet
