// Layers that add another value to their result: the same integers as the reference interpreter's,
// and which additions are left to a step of their own.
#include "octet/plan/steps/fused_sum.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "octet/base/error.h"
#include "octet/graph/text.h"
#include "octet/models/mobilenet_v2.h"
#include "octet/models/resnet.h"
#include "octet/plan/plan_engine.h"
#include "tests/support/quantized_job.h"
#include "tests/support/simd_targets.h"

namespace octet {
namespace {

// Both operands come from layers: `q` is made for the first time by whichever stands first.
// IMAGE, CHANNELS and the statements of the test are filled in.
constexpr const char* kGraph = R"(graph net {
  input x: float32 (3, 16, 6, 6)
  parameter s: float32 (1, 1, 1, 1)
  parameter t: float32 (1, 1, 1, 1)
  parameter u: float32 (1, 1, 1, 1)
  parameter z: float32 (1, 1, 1, 1)
  parameter o: float32 (1, 1, 1, 1)
  parameter v: int8 (16, 16, 1, 1)
  parameter w: int8 (16, 16, 3, 3)
  parameter m: int8 (576, 576)
  parameter b: int32 (16)
  q = QuantizeLinear(x, s, z) {dtype=TYPE}
  first = QuantizedConvolution(q, s, z, v, s, t, o, b) {activation="RELU", dtype=TYPE}
)";

struct SumNetwork {
  Graph graph;
  ParameterStore parameters{1};
  Values inputs;

  explicit SumNetwork(const std::string& statements, bool is_signed = true) {
    std::string text = kGraph + statements + "}\n";
    for (size_t at; (at = text.find("TYPE")) != std::string::npos;) {
      text = text.substr(0, at) + (is_signed ? "1" : "2") + text.substr(at + 4);
    }
    graph = parse_graph(text);
    RandomState random(4);
    at::Generator generator = random.generator(at::kCPU);
    const auto number = [](double value) { return at::full({1, 1, 1, 1}, value, at::kFloat); };
    const auto integers = [&](const Shape& shape, int64_t bound, at::ScalarType type) {
      return at::randint(-bound, bound, shape, generator, at::kFloat).to(type);
    };
    parameters.set("s", number(0.05), false);
    parameters.set("t", number(0.25), false);
    parameters.set("u", number(0.37), false);
    parameters.set("z", number(is_signed ? 0 : 128), false);
    parameters.set("o", number(is_signed ? -3 : 100), false);
    parameters.set("v", integers({16, 16, 1, 1}, 128, at::kChar), false);
    parameters.set("w", integers({16, 16, 3, 3}, 60, at::kChar), false);
    parameters.set("m", integers({576, 576}, 30, at::kChar), false);
    parameters.set("b", integers({16}, 900, at::kInt), false);
    inputs[graph.find_variable("x")] = at::randn({3, 16, 6, 6}, generator, at::kFloat) * 3;
  }

  VariableId output() const { return graph.outputs()[0]; }
};

struct Run {
  at::Tensor expected, given;
  std::vector<std::string> kernels;
};

Run run_both(SumNetwork& network, const RunOptions& options) {
  Run result;
  RandomState random(1);
  result.expected =
      run(network.graph, network.parameters, network.inputs, {network.output()}, random, options)
          .at(network.output());
  PlanEngine engine({.poisoned = true});
  result.given = engine
                     .forward(network.graph, network.parameters, network.inputs, network.output(),
                              random, options)
                     .at(network.output());
  for (const auto& step : engine.last_plan()->steps()) result.kernels.push_back(step->kernel());
  return result;
}

RunOptions inference() {
  return {.gradients = false, .keep = {}, .observer = {}};
}

using testing::Contains;
using testing::EndsWith;
using testing::Not;

void expect_fused(const std::string& statements) {
  for (const bool is_signed : {true, false}) {
    SumNetwork network(statements, is_signed);
    const Run result = run_both(network, inference());
    EXPECT_TRUE(at::equal(result.expected, result.given)) << statements;
    EXPECT_THAT(result.kernels, Contains(EndsWith("+add"))) << statements;
    EXPECT_THAT(result.kernels, Not(Contains("quantized_add"))) << statements;
  }
}

void expect_separate(const std::string& statements, const RunOptions& options = inference()) {
  SumNetwork network(statements);
  const Run result = run_both(network, options);
  EXPECT_TRUE(at::equal(result.expected, result.given)) << statements;
  EXPECT_THAT(result.kernels, Not(Contains(EndsWith("+add")))) << statements;
  EXPECT_THAT(result.kernels, Contains("quantized_add")) << statements;
}

TEST(FusedSum, TheLastOfTwoLayersAdds) {
  const std::string second = "  second = QuantizedConvolution(first, t, o, w, s, u, o) {pad=(1, 1)";
  for (const std::string own : {"", ", activation=\"RELU\"", ", activation=\"RELU6\""}) {
    for (const std::string of_sum : {"", "activation=\"RELU\", ", "activation=\"RELU6\", "}) {
      const std::string layer = second + own + ", dtype=TYPE}\n";
      const std::string rest =
          "{" + of_sum + "dtype=TYPE}\n  y = DequantizeLinear(a, t, z)\n  output y\n";
      expect_fused(layer + "  a = QuantizedAdd2(first, t, o, second, u, o, t, z) " + rest);
      expect_fused(layer + "  a = QuantizedAdd2(second, u, o, first, t, o, t, z) " + rest);
    }
  }
}

TEST(FusedSum, AnotherTypeOfIntegers) {
  expect_fused(
      "  second = QuantizedConvolution(first, t, o, w, s, u, z) {pad=(1, 1), dtype=TYPE}\n"
      "  a = QuantizedAdd2(first, t, o, second, u, z, t, o) {dtype=2, bits=7}\n"
      "  y = DequantizeLinear(a, t, o)\n  output y\n");
}

TEST(FusedSum, OfAffineLayers) {
  expect_fused(
      "  flat = Reshape(first) {shape=(3, 576)}\n"
      "  second = QuantizedAffine(flat, t, o, m, s, u, o) {dtype=TYPE}\n"
      "  third = QuantizedAffine(second, u, o, m, s, t, o) {dtype=TYPE}\n"
      "  a = QuantizedAdd2(second, u, o, third, t, o, t, z) {activation=\"RELU\", dtype=TYPE}\n"
      "  y = DequantizeLinear(a, t, z)\n  output y\n");
}

const std::string kSecond =
    "  second = QuantizedConvolution(first, t, o, w, s, u, o) {pad=(1, 1)}\n";
const std::string kEnd = "  y = DequantizeLinear(a, t, z)\n  output y\n";

TEST(FusedSum, NotOfAResultThatOthersRead) {
  expect_separate(kSecond +
                  "  a1 = QuantizedAdd2(first, t, o, second, u, o, t, z)\n"
                  "  a = QuantizedMul2(a1, t, z, second, u, o, t, z)\n" +
                  kEnd);
  expect_separate("  a = QuantizedAdd2(first, t, o, first, t, o, t, z)\n" + kEnd);
}

TEST(FusedSum, NotOfAResultThatIsKept) {
  SumNetwork network(kSecond + "  a = QuantizedAdd2(first, t, o, second, u, o, t, z)\n" + kEnd);
  const VariableId second = network.graph.find_variable("second");
  expect_separate(kSecond + "  a = QuantizedAdd2(first, t, o, second, u, o, t, z)\n" + kEnd,
                  {.gradients = false, .keep = {second}, .observer = {}});
}

TEST(FusedSum, NotWhereGradientsAreWanted) {
  expect_separate(kSecond + "  a = QuantizedAdd2(first, t, o, second, u, o, t, z)\n" + kEnd, {});
}

TEST(FusedSum, NotOfValuesOfChannels) {
  expect_separate(
      "  mean = QuantizedGlobalAveragePooling(q, s, z, u, o)\n"
      "  a = QuantizedAdd2(first, t, o, mean, u, o, t, z)\n" +
      kEnd);
}

// What comes from outside lies in the plain layout.
TEST(FusedSum, NotInAnotherLayout) {
  expect_separate("  a = QuantizedAdd2(q, s, z, first, t, o, t, z)\n" + kEnd);
}

TEST(FusedSum, NotWithAnotherScaleOrRounding) {
  expect_separate(kSecond + "  a = QuantizedAdd2(first, t, o, second, s, o, t, z)\n" + kEnd);
  expect_separate(kSecond + "  a = QuantizedAdd2(first, t, o, second, u, z, t, z)\n" + kEnd);
  expect_separate(kSecond +
                  "  a = QuantizedAdd2(first, t, o, second, u, o, t, z) "
                  "{round_mode=\"HALF_AWAY_FROM_ZERO\"}\n" +
                  kEnd);
}

TEST(FusedSum, AScaleOfZeroIsAnErrorThatNamesIt) {
  for (const std::string name : {"s", "t", "u"}) {
    SumNetwork network(kSecond + "  a = QuantizedAdd2(first, t, o, second, u, o, t, z)\n" + kEnd);
    network.parameters.at(name).value.zero_();
    RandomState random(1);
    try {
      PlanEngine().forward(network.graph, network.parameters, network.inputs, network.output(),
                           random, inference());
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("is not a positive number"));
    }
  }
}

struct Case {
  const char* name;
  Model model;
  DType dtype;
  bool channel_wise, zero_point;
  int sums;
};

class NetworksWithSums : public testing::TestWithParam<Case> {};

TEST_P(NetworksWithSums, InferAsTheReferenceDoes) {
  QATConfig config;
  config.precision_mode = PrecisionMode::QNN;
  config.dtype = GetParam().dtype;
  config.channel_wise = GetParam().channel_wise;
  config.zero_point = GetParam().zero_point;
  QuantizedJob job(GetParam().model, config);
  const VariableId output = job.pred.id();
  for (const int64_t batch : {1, 3}) {
    const Values inputs{{job.image.id(), job.image.d().slice(0, 0, batch)}};
    RandomState random(3);
    const at::Tensor expected =
        run(job.graph(), job.parameters(), inputs, {output}, random, inference()).at(output);
    for (const int64_t target : simd_targets()) {
      PlanEngine engine({.poisoned = true});
      const SimdTarget limit(target);
      const Values given =
          engine.forward(job.graph(), job.parameters(), inputs, output, random, inference());
      EXPECT_TRUE(at::equal(expected, given.at(output))) << hwy::TargetName(target);
      int sums = 0;
      for (const auto& step : engine.last_plan()->steps()) {
        sums += static_cast<int>(step->kernel().ends_with("+add"));
        EXPECT_NE(step->kernel(), "quantized_add");
      }
      EXPECT_EQ(sums, GetParam().sums);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Networks, NetworksWithSums,
    testing::Values(Case{"ResNet18", models::resnet18, DType::kInt8, false, false, 8},
                    Case{"ResNet18PerChannel", models::resnet18, DType::kInt8, true, true, 8},
                    Case{"ResNet18Unsigned", models::resnet18, DType::kUInt8, true, true, 8},
                    Case{"ResNet50", models::resnet50, DType::kUInt8, false, true, 16},
                    Case{"MobileNetV2", models::mobilenet_v2, DType::kInt8, true, false, 12},
                    Case{"MobileNetV2Unsigned", models::mobilenet_v2, DType::kUInt8, true, true,
                         12}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace octet
