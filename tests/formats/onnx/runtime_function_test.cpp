// Files of ONNX Runtime's quantize_static, and its own operators in them.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "octet/formats/npy/npy.h"
#include "octet/formats/onnx/onnx.h"
#include "octet/graph/interpreter.h"
#include "octet/targets/explain_layers.h"
#include "tests/formats/format_test_support.h"
#include "tests/support/onnx_model_builder.h"
#include "tests/support/onnx_runner.h"
#include "tests/support/project_paths.h"

namespace octet {
namespace {

using ::testing::ElementsAre;

at::Tensor output_of(OnnxModel& model, const at::Tensor& x) {
  RandomState random(0);
  const VariableId output = model.graph.outputs()[0];
  return run(model.graph, *model.parameters, {{model.graph.find_variable("x"), x}}, {output},
             random)
      .at(output);
}

// "conv: QLinearConv", what becomes of each layer in ONNX Runtime.
std::vector<std::string> outcomes(const OnnxModel& model) {
  const auto findings = check_graph(model.graph, *model.parameters, Target::ONNXRUNTIME);
  std::vector<std::string> lines;
  for (const LayerReport& layer :
       explain_layers(model.graph, *model.parameters, Target::ONNXRUNTIME, findings, nullptr)) {
    lines.push_back(fmt::format("{}: {}", layer.layer, layer.outcome));
  }
  return lines;
}

// What a runtime rounds in float32 at another place than Octet: the sums of integers that it
// scales, tables of Sigmoid and Softmax, means. One step of the output's 1/256.
constexpr double kOneStep = 1.01 / 256;

TEST(QuantizeStatic, FilesGiveWhatOnnxRuntimeGives) {
  if (!onnx_runner_present()) GTEST_SKIP() << kNoOnnxRunner;
  const TemporaryFolder folder;
  const std::string command =
      fmt::format("'{}' '{}' '{}' >'{}' 2>&1", onnx_python(),
                  std::string(source_dir() / "tests/support/quantize_static.py"),
                  folder.path().string(), folder.file("log.txt"));
  ASSERT_EQ(std::system(command.c_str()), 0) << read_file(folder.file("log.txt"));
  const at::Tensor x = read_npy(folder.file("x.npy"));
  int64_t count = 0;
  for (const auto& entry : nlohmann::json::parse(read_file(folder.file("names.json")))) {
    const auto name = entry.get<std::string>();
    SCOPED_TRACE(name);
    OnnxModel model = read_onnx(folder.file(name + ".onnx"));
    const at::Tensor expected = read_npy(folder.file(name + ".npy"));
    const at::Tensor actual = output_of(model, x);
    ASSERT_EQ(actual.sizes(), expected.sizes());
    const double difference = (actual - expected).abs().max().item<double>();
    std::printf("%-26s differ by %.2g\n", name.c_str(), difference);
    EXPECT_LE(difference, kOneStep);
    for (const Finding& finding :
         check_graph(model.graph, *model.parameters, Target::ONNXRUNTIME)) {
      EXPECT_FALSE(finding.refused) << finding.message;
    }
    ++count;
  }
  EXPECT_EQ(count, 8);
}

class RuntimeOperators : public ::testing::Test {
 protected:
  RuntimeOperators() {
    onnx::OperatorSetIdProto& import = *builder_.proto().add_opset_import();
    import.set_domain("com.microsoft");
    import.set_version(1);
    builder_.input("x", {-1, 4})
        .weight("s", at::full({}, 0.5F))
        .weight("z", at::full({}, 3, at::kByte))
        .weight("t", at::full({}, 0.25F))
        .node("QuantizeLinear", {"x", "s", "z"}, {"q"});
  }

  void runtime_node(const std::string& type, const std::vector<std::string>& inputs,
                    const std::vector<onnx::AttributeProto>& attributes = {}) {
    builder_.node(type, inputs, {"y"}, attributes);
    onnx::GraphProto& graph = *builder_.proto().mutable_graph();
    graph.mutable_node(graph.node_size() - 1)->set_domain("com.microsoft");
  }

  OnnxModel read() {
    builder_.output("y");
    return parse_onnx_model(builder_.bytes(), "m.onnx");
  }

  OnnxModelBuilder builder_;
  at::Tensor x_ = at::tensor({-1.0F, 0.0F, 1.0F, 2.0F}).reshape({1, 4});
};

TEST_F(RuntimeOperators, AnAddition) {
  runtime_node("QLinearAdd", {"q", "s", "z", "q", "s", "z", "t", "z"});
  OnnxModel model = read();
  EXPECT_THAT(outcomes(model), ElementsAre("the y/Add: QLinearAdd"));
  EXPECT_TRUE(
      at::equal(output_of(model, x_), at::tensor({0, 3, 11, 19}, at::kByte).reshape({1, 4})));
}

TEST_F(RuntimeOperators, AConcatenationOfAnyNumber) {
  runtime_node("QLinearConcat", {"t", "z", "q", "s", "z", "q", "s", "z", "q", "s", "z"},
               {int_of("axis", 1)});
  OnnxModel model = read();
  EXPECT_EQ(output_of(model, x_).sizes(), (at::IntArrayRef{1, 12}));
}

TEST_F(RuntimeOperators, AZeroPointThatIsLeftOut) {
  runtime_node("QLinearLeakyRelu", {"q", "s", "", "t", "z"}, {float_of("alpha", 0.5F)});
  OnnxModel model = read();
  EXPECT_TRUE(
      at::equal(output_of(model, x_), at::tensor({5, 9, 13, 17}, at::kByte).reshape({1, 4})));
}

// The scale of the bias is the product of the other two, its integers are added to the sums.
TEST_F(RuntimeOperators, AFullyConnectedLayer) {
  builder_.weight("w", at::tensor({1, 0, 0, 0, 0, 2, 0, 0}, at::kChar).reshape({2, 4}))
      .weight("ws", at::tensor({1.0F, 0.5F}))
      .weight("wz", at::tensor({0, 0}, at::kChar))
      .weight("b", at::tensor({8, -4}, at::kInt));
  runtime_node("QGemm", {"q", "s", "z", "w", "ws", "wz", "b", "t", "z"}, {int_of("transB", 1)});
  OnnxModel model = read();
  EXPECT_THAT(outcomes(model), ElementsAre("the y: QGemm"));
  EXPECT_TRUE(at::equal(model.parameters->at("w").value,
                        at::tensor({1, 0, 0, 2, 0, 0, 0, 0}, at::kChar).reshape({4, 2})));
  EXPECT_TRUE(at::equal(output_of(model, x_), at::tensor({15, 0}, at::kByte).reshape({1, 2})));
}

TEST_F(RuntimeOperators, OthersAreNamed) {
  runtime_node("QAttention", {"q", "s", "z"});
  EXPECT_EQ(error_of([&] { read(); }),
            "[m.onnx: node 'the y' (QAttention)] is an operator of 'com.microsoft' that is not "
            "supported");
}

TEST_F(RuntimeOperators, ChannelsInTheLastPlaceAreNotPassedOver) {
  builder_.weight("shape", at::tensor({-1, 1, 2, 2})).node("Reshape", {"q", "shape"}, {"image"});
  runtime_node("QLinearGlobalAveragePool", {"image", "s", "z", "t", "z"},
               {int_of("channels_last", 1)});
  EXPECT_THAT(error_of([&] { read(); }), ::testing::HasSubstr("channels_last"));
}

// Integers that another function of integers makes, here a Clip: the layers are integers all the
// same, and their scales are constants.
TEST(QOperators, ConvolutionsAreOnIntegers) {
  OnnxModelBuilder builder;
  builder.input("x", {-1, 2, 4, 4})
      .weight("s", at::full({}, 0.5F))
      .weight("z", at::full({}, 3, at::kByte))
      .weight("low", at::full({}, 4, at::kByte))
      .weight("w", at::ones({2, 2, 3, 3}, at::kChar))
      .weight("ws", at::tensor({1.0F, 0.5F}))
      .weight("wz", at::tensor({0, 0}, at::kChar))
      .weight("b", at::tensor({8, -4}, at::kInt))
      .node("QuantizeLinear", {"x", "s", "z"}, {"q"})
      .node("QLinearConv", {"q", "s", "z", "w", "ws", "wz", "s", "z", "b"}, {"c"})
      .node("Clip", {"c", "low"}, {"r"})
      .node("QLinearConv", {"r", "s", "z", "v", "ws", "wz", "s", "z"}, {"k"})
      .node("DequantizeLinear", {"k", "s", "z"}, {"y"})
      .weight("v", at::ones({2, 2, 1, 1}, at::kChar))
      .output("y");
  const OnnxModel model = parse_onnx_model(builder.bytes(), "m.onnx");
  EXPECT_THAT(outcomes(model), ElementsAre("the c: QLinearConv", "the r: a clamp of integers",
                                           "the k: QLinearConv"));
  for (const Finding& finding : check_graph(model.graph, *model.parameters, Target::ONNXRUNTIME)) {
    ADD_FAILURE() << finding.message;
  }
}

}  // namespace
}  // namespace octet
