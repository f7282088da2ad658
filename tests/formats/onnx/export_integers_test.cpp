// Integer functions in ONNX Runtime: the same integers, without its optimizations and with all.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "octet/base/error.h"
#include "octet/base/random.h"
#include "octet/formats/onnx/onnx.h"
#include "tests/support/onnx_runner.h"
#include "tests/support/pass_fixture.h"

namespace octet {
namespace {

// Every integer function, on activations of the type that dtype=2 says.
constexpr std::string_view kNetwork = R"(graph net {
  input x: float32 (-1, 4, 8, 8)
  parameter s: float32 (1, 1, 1, 1)
  parameter z: float32 (1, 1, 1, 1)
  parameter t: float32 (1, 1, 1, 1)
  parameter y: float32 (1, 1, 1, 1)
  parameter w: int8 (6, 4, 3, 3)
  parameter sw: float32 (6, 1, 1, 1)
  parameter b: int32 (6)
  parameter wd: int8 (6, 3, 3)
  parameter swd: float32 (1, 1, 1)
  parameter master: float32 (4, 6, 2, 2)
  parameter smaster: float32 (1, 6, 1, 1)
  parameter zw: float32 (1, 1, 1, 1)
  parameter wa: int8 (6, 2, 3)
  parameter swa: float32 (1, 2, 1)
  parameter ba: int32 (2, 3)
  parameter table: TABLE (256)
  parameter acc: float32 (1, 6, 1, 1)
  parameter z0: float32 (1, 1, 1, 1)
  q = QuantizeLinear(x, s, z) {dtype=2}
  c = QuantizedConvolution(q, s, z, w, sw, t, y, b) {pad=(1, 1), activation="RELU6", dtype=2}
  dw = QuantizedDepthwiseConvolution(c, t, y, wd, swd, s, z, b) {pad=(1, 1), stride=(2, 2), dtype=2}
  p = QuantizeLinear(master, smaster, zw)
  tr = QuantizedDeconvolution(q, s, z, p, smaster, t, y, b) {stride=(2, 2), dtype=2}
  mt = QuantizedDepthwiseDeconvolution(dw, s, z, wd, swd, t, y) {pad=(1, 1), dtype=2}
  a = QuantizedAdd2(dw, s, z, mt, t, y, t, y) {activation="RELU", dtype=2}
  m = QuantizedSub2(dw, s, z, mt, t, y, t, y) {dtype=2}
  u = QuantizedMul2(dw, s, z, mt, t, y, t, y) {narrow_range=true, dtype=2}
  cat = QuantizedConcatenate(t, y, a, t, y, dw, s, z) {axis=1, dtype=2}
  r = Requantize(cat, t, y, s, z) {bits=4, dtype=2}
  n = QuantizedConvolution(q, s, z, w, sw, acc, z0, b) {dtype=5, bits=32}
  f = DequantizeLinear(n, acc, z0)
  v = QuantizedAveragePooling(c, t, y, s, z) {kernel=(3, 3), stride=(2, 2), pad=(1, 1), including_pad=false, dtype=2}
  g = QuantizedGlobalAveragePooling(c, t, y, s, z) {dtype=2}
  h = QuantizedAffine(g, s, z, wa, swa, t, y, ba) {dtype=2}
  k = QuantizedBatchMatmul(dw, s, z, mt, t, y, t, y) {transpose_b=true, dtype=2}
  l = QuantizedLookup(dw, table) {lowest=LOWEST, dtype=2}
  output c
  output dw
  output tr
  output mt
  output a
  output m
  output u
  output r
  output f
  output v
  output g
  output h
  output k
  output l
})";

class OnnxIntegers : public PassTest {
 protected:
  void set(const std::string& name, const at::Tensor& value) {
    parameters_.set(name, value, /*need_grad=*/false);
  }
  at::Tensor integers(const Shape& shape, int64_t low, int64_t high) {
    return at::randint(low, high + 1, shape, random_.generator(at::kCPU), at::kFloat);
  }

  // Weights of at most 7 bits: ONNX Runtime may saturate the sum of two products at 16.
  Graph network(bool is_signed) {
    std::string text(kNetwork);
    text = replaced(text, "TABLE", is_signed ? "int8" : "uint8");
    text = replaced(text, "LOWEST", is_signed ? "-128" : "0");
    if (is_signed) text = replaced(text, "dtype=2", "dtype=1");
    const double shift = is_signed ? -128 : 0;
    const Shape one{1, 1, 1, 1};
    set("s", at::full(one, 0.013));
    set("z", at::full(one, 131 + shift));
    set("t", at::full(one, 0.031));
    set("y", at::full(one, 120 + shift));
    set("w", integers({6, 4, 3, 3}, -63, 63).to(at::kChar));
    set("sw", at::linspace(0.002, 0.02, 6).reshape({6, 1, 1, 1}));
    set("b", integers({6}, -2000, 2000).to(at::kInt));
    set("wd", integers({6, 3, 3}, -63, 63).to(at::kChar));
    set("swd", at::full({1, 1, 1}, 0.004));
    set("master", at::randn({4, 6, 2, 2}, random_.generator(at::kCPU), at::kFloat));
    set("smaster", at::linspace(0.02, 0.05, 6).reshape({1, 6, 1, 1}));
    set("zw", at::zeros(one));
    set("wa", integers({6, 2, 3}, -63, 63).to(at::kChar));
    set("swa", at::tensor({0.01F, 0.02F}).reshape({1, 2, 1}));
    set("ba", integers({2, 3}, -100, 100).to(at::kInt));
    set("table", (integers({256}, 0, 255) + shift).to(is_signed ? at::kChar : at::kByte));
    set("acc", (parameters_.at("s").value * parameters_.at("sw").value).reshape({1, 6, 1, 1}));
    set("z0", at::zeros(one));
    return load(text);
  }

  std::string error_of(const Graph& graph) {
    try {
      format_onnx(graph, parameters_, {});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  RandomState random_{5};
};

TEST_F(OnnxIntegers, AreThoseOfOnnxRuntime) {
  if (!onnx_runner_present()) GTEST_SKIP() << kNoOnnxRunner;
  for (const bool is_signed : {true, false}) {
    SCOPED_TRACE(is_signed ? "int8" : "uint8");
    const Graph graph = network(is_signed);
    const at::Tensor x = at::randn({3, 4, 8, 8}, random_.generator(at::kCPU), at::kFloat);
    const Values expected =
        run(graph, parameters_, {{graph.find_variable("x"), x}}, graph.outputs(), random_);
    const std::vector<OnnxRunResult> results =
        run_onnx({{format_onnx(graph, parameters_, {}), {x}, {"disable", "all"}}});
    EXPECT_EQ(results[0].check, "");
    ASSERT_EQ(results[0].error, "");
    for (const auto& [level, outputs] : results[0].outputs) {
      for (size_t i = 0; i < outputs.size(); ++i) {
        const VariableId id = graph.outputs()[i];
        const at::Tensor& value = expected.at(id);
        EXPECT_EQ(outputs[i].to(at::kFloat).ne(value).sum().item<int64_t>(), 0)
            << level << ": " << graph.variable(id).name;
        // Not all values are at the ends of the range, where anything would agree.
        EXPECT_GT(std::get<0>(at::_unique(value)).numel(), 3) << graph.variable(id).name;
      }
    }
  }
}

// Depthwise layers come back as convolutions with groups.
std::vector<std::string> as_read(const Graph& graph) {
  std::vector<std::string> types;
  for (const FunctionId id : graph.topological_order(graph.outputs())) {
    std::string type(type_name(graph.function(id).attributes));
    if (type.starts_with("QuantizedDepthwise")) type = "Quantized" + type.substr(18);
    if (type.starts_with("Quantized") || type == "Requantize") types.push_back(type);
  }
  std::ranges::sort(types);
  return types;
}

TEST_F(OnnxIntegers, ReadBackTheyAreTheSameFunctionsAndIntegers) {
  for (const bool is_signed : {false, true}) {
    const Graph graph = network(is_signed);
    const at::Tensor x = at::randn({3, 4, 8, 8}, random_.generator(at::kCPU), at::kFloat);
    const Values expected =
        run(graph, parameters_, {{graph.find_variable("x"), x}}, graph.outputs(), random_);
    const OnnxModel read = parse_onnx_model(format_onnx(graph, parameters_, {}), "test.onnx");
    const Values actual = run(read.graph, *read.parameters, {{read.graph.find_variable("x"), x}},
                              read.graph.outputs(), random_);
    for (size_t i = 0; i < graph.outputs().size(); ++i) {
      EXPECT_TRUE(at::equal(actual.at(read.graph.outputs()[i]).to(at::kFloat),
                            expected.at(graph.outputs()[i])))
          << graph.variable(graph.outputs()[i]).name;
    }
    EXPECT_EQ(as_read(read.graph), as_read(graph)) << print(read.graph);
  }
}

TEST_F(OnnxIntegers, SayWhatOnnxDoesNotHave) {
  const Graph graph = network(false);
  const auto error = [&](const std::string& from, const std::string& to,
                         const std::string& output) {
    std::string text = replaced(replaced(std::string(kNetwork), "TABLE", "uint8"), "LOWEST", "0");
    // The network up to that value.
    text = text.substr(0, text.find('\n', text.find("  " + output + " = ")) + 1);
    text += "  output " + output + "\n}";
    return error_of(load(replaced(text, from, to)));
  };
  EXPECT_EQ(error("activation=\"RELU6\"", "round_mode=\"HALF_AWAY_FROM_ZERO\"", "c"),
            "[c] QuantizedConvolution rounds HALF_AWAY_FROM_ZERO, ONNX rounds HALF_TO_EVEN; "
            "quantize with round_mode = HALF_TO_EVEN");
  set("t", at::tensor({0.01F, 0.02F, 0.03F, 0.04F, 0.05F, 0.06F}).reshape({1, 6, 1, 1}));
  EXPECT_EQ(
      error("parameter t: float32 (1, 1, 1, 1)", "parameter t: float32 (1, 6, 1, 1)", "c"),
      "[c] QuantizedConvolution gives integers of 6 scales, which ONNX does not have; quantize "
      "its output per tensor");
  set("t", at::full({1, 1, 1, 1}, 0.031));
  EXPECT_EQ(error("(q, s, z, w, sw, t, y, b) {pad", "(x, s, z, w, sw, t, y, b) {pad", "c"),
            "[c] QuantizedConvolution has an operand of float32, where ONNX takes int8 or uint8");
  EXPECT_EQ(error("c = QuantizedConvolution(q, s, z, w, sw, t,",
                  "t2 = Abs(t)\n  c = QuantizedConvolution(q, s, z, w, sw, t2,", "c"),
            "[c] QuantizedConvolution has 't2' as a scale or zero point, which is computed; ONNX "
            "wants it constant");
  EXPECT_EQ(
      error("z, w, sw, acc, z0, b)", "z, w, sw, t, z0, b)", "n"),
      "[n] QuantizedConvolution gives int32 of another scale than its accumulators, which ONNX "
      "does not have");
  EXPECT_EQ(
      error("float32 (-1, 4, 8, 8)", "float32 (-1, 4, -1, 8)", "g"),
      "[g] QuantizedGlobalAveragePooling divides by the size of the image, which is not known; "
      "fix the network's input");
  EXPECT_EQ(error("float32 (-1, 4, 8, 8)", "float32 (-1, 4, -1, 8)", "v"),
            "[v] QuantizedAveragePooling needs the size of the image, which is not known; fix the "
            "network's input");
  EXPECT_EQ(
      error("p = Quant", "p = Round(master)\n  p2 = Quant", "tr"),
      "[tr] QuantizedDeconvolution has a weight that is computed, where ONNX wants it constant");
  set("y", at::full({1, 1, 1, 1}, 300));
  EXPECT_EQ(error("x", "x", "c"),
            "[c] QuantizedConvolution has the zero point 300, which is no uint8");
}

// 2000 channels of weights of 100, each times an input at most 131 from its zero point.
TEST_F(OnnxIntegers, TransposedSumsBeyondFloat32AreRefused) {
  set("s", at::ones({1, 1, 1, 1}));
  set("z", at::full({1, 1, 1, 1}, 131));
  set("large", at::full({2000, 6, 1, 1}, 100).to(at::kChar));
  EXPECT_EQ(
      error_of(load(R"(graph net {
  input x: uint8 (-1, 2000, 2, 2)
  parameter s: float32 (1, 1, 1, 1)
  parameter z: float32 (1, 1, 1, 1)
  parameter large: int8 (2000, 6, 1, 1)
  y = QuantizedDeconvolution[up](x, s, z, large, s, s, z) {dtype=2}
  output y
})")),
      "[up] QuantizedDeconvolution may sum to 26200000: ONNX has no transposed convolution of "
      "integers, and float32 holds them below 2^24 only; leave the layer float (exclude)");
}

}  // namespace
}  // namespace octet
