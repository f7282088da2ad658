// read_onnx: names, parameters, open dimensions, folding.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "octet/formats/onnx/onnx.h"
#include "octet/graph/interpreter.h"
#include "tests/formats/format_test_support.h"
#include "tests/support/onnx_model_builder.h"

namespace octet {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

OnnxModel read(const OnnxModelBuilder& model, const OnnxReadOptions& options = {}) {
  return parse_onnx_model(model.bytes(), "m.onnx", options);
}

std::vector<std::string> operations(const Graph& graph) {
  std::vector<std::string> types;
  for (const FunctionId id : graph.topological_order(graph.outputs())) {
    types.emplace_back(type_name(graph.function(id).attributes));
  }
  return types;
}

// The first output for one input.
at::Tensor output_of(OnnxModel& model, const at::Tensor& x, bool gradients = false) {
  Values inputs;
  for (const VariableId id : model.graph.leaves(model.graph.outputs())) {
    if (model.graph.variable(id).kind == VariableKind::kInput) inputs[id] = x;
  }
  RandomState random(0);
  const VariableId output = model.graph.outputs()[0];
  return run(model.graph, *model.parameters, inputs, {output}, random,
             {.gradients = gradients, .keep = {}, .observer = {}})
      .at(output);
}

OnnxModelBuilder small_network() {
  OnnxModelBuilder model;
  model.input("image", {-1, 2, 6, 6})
      .weight("conv.weight", at::ones({4, 2, 3, 3}))
      .weight("conv.bias", at::zeros({4}))
      .weight("bn.weight", at::ones({4}))
      .weight("bn.bias", at::zeros({4}))
      .weight("bn.mean", at::zeros({4}))
      .weight("bn.var", at::ones({4}))
      .weight("fc.weight", at::ones({5, 4}))
      .weight("fc.bias", at::zeros({5}));
  model.node("Conv", {"image", "conv.weight", "conv.bias"}, {"h"}, {ints("pads", {1, 1, 1, 1})})
      .node("BatchNormalization", {"h", "bn.weight", "bn.bias", "bn.mean", "bn.var"}, {"n"})
      .node("Relu", {"n"}, {"r"})
      .node("GlobalAveragePool", {"r"}, {"p"})
      .node("Flatten", {"p"}, {"f"})
      .node("Gemm", {"f", "fc.weight", "fc.bias"}, {"logits"}, {int_of("transB", 1)})
      .output("logits");
  return model;
}

TEST(OnnxReader, ANetworkKeepsItsLayersNamesAndParameters) {
  OnnxModel model = read(small_network());
  EXPECT_THAT(operations(model.graph), ElementsAre("Convolution", "BatchNormalization", "ReLU",
                                                   "GlobalAveragePooling", "Reshape", "Affine"));
  EXPECT_THAT(model.parameters->names(),
              UnorderedElementsAre("conv.weight", "conv.bias", "bn.weight", "bn.bias", "bn.mean",
                                   "bn.var", "fc.weight", "fc.bias"));
  EXPECT_EQ(model.graph.name(), "net");
  EXPECT_EQ(model.opset, 17);
  const Variable& logits = model.graph.variable(model.graph.outputs()[0]);
  EXPECT_EQ(logits.name, "logits");
  EXPECT_EQ(logits.type.shape, (Shape{-1, 5}));
  for (const char* name : {"h", "n", "r", "p", "f"}) {
    EXPECT_NE(model.graph.find_variable(name), kNoId) << name;
  }
}

TEST(OnnxReader, WeightsHaveGradientsAndStatisticsHaveNone) {
  OnnxModel model = read(small_network());
  for (const std::string& name : model.parameters->names()) {
    const bool is_statistic = name == "bn.mean" || name == "bn.var";
    EXPECT_EQ(model.parameters->at(name).need_grad, !is_statistic) << name;
  }
  output_of(model, at::rand({2, 2, 6, 6}), true).sum().backward();
  EXPECT_TRUE(model.parameters->at("conv.weight").value.grad().defined());
  EXPECT_TRUE(model.parameters->at("fc.weight").value.grad().defined());
}

TEST(OnnxReader, TheBatchStaysFreeOrIsFixed) {
  OnnxModel free = read(small_network());
  EXPECT_EQ(output_of(free, at::rand({3, 2, 6, 6})).size(0), 3);
  EXPECT_EQ(output_of(free, at::rand({7, 2, 6, 6})).size(0), 7);
  const OnnxModel fixed = read(small_network(), {.batch_size = 4});
  EXPECT_EQ(fixed.graph.variable(fixed.graph.outputs()[0]).type.shape, (Shape{4, 5}));
}

// torch.onnx writes x.view(x.size(0), -1) so.
TEST(OnnxReader, ShapeArithmeticIsFoldedAndLeavesTheBatchFree) {
  OnnxModelBuilder builder;
  builder.input("x", {-1, 3, 4})
      .weight("zero", at::scalar_tensor(0, at::kLong))
      .weight("first", at::tensor({0}, at::kLong))
      .weight("rest", at::tensor({-1}, at::kLong))
      .node("Shape", {"x"}, {"s"})
      .node("Gather", {"s", "zero"}, {"n"})
      .node("Unsqueeze", {"n", "first"}, {"n1"})
      .node("Concat", {"n1", "rest"}, {"target"}, {int_of("axis", 0)})
      .node("Reshape", {"x", "target"}, {"y"})
      .output("y");
  OnnxModel model = read(builder);
  EXPECT_THAT(operations(model.graph), ElementsAre("Reshape"));
  EXPECT_EQ(model.graph.variable(model.graph.outputs()[0]).type.shape, (Shape{-1, 12}));
  EXPECT_EQ(output_of(model, at::rand({5, 3, 4})).sizes(), (IntList{5, 12}));
  EXPECT_TRUE(model.parameters->names().empty());
}

// The class token of a vision transformer.
TEST(OnnxReader, AnExpandToTheBatchSizeStaysFree) {
  OnnxModelBuilder builder;
  builder.input("x", {-1, 3, 4})
      .weight("token", at::arange(4, at::kFloat).reshape({1, 1, 4}))
      .weight("first", at::tensor({0}, at::kLong))
      .weight("ones", at::tensor({-1, -1}, at::kLong))
      .weight("one", at::tensor({1}, at::kLong))
      .weight("four", at::tensor({4}, at::kLong))
      .node("Shape", {"x"}, {"s"})
      .node("Gather", {"s", "first"}, {"n"})
      .node("Concat", {"n", "one", "four"}, {"target"}, {int_of("axis", 0)})
      .node("Expand", {"token", "target"}, {"tokens"})
      .node("Concat", {"tokens", "x"}, {"y"}, {int_of("axis", 1)})
      .output("y");
  OnnxModel model = read(builder);
  EXPECT_EQ(model.graph.variable(model.graph.outputs()[0]).type.shape, (Shape{-1, 4, 4}));
  const at::Tensor x = at::rand({2, 3, 4});
  const at::Tensor token = at::arange(4, at::kFloat).reshape({1, 1, 4}).expand({2, 1, 4});
  EXPECT_TRUE(at::equal(output_of(model, x), at::cat({token, x}, 1)));
  EXPECT_TRUE(model.parameters->at("token").need_grad);
}

TEST(OnnxReader, OpenDimensionsBesideTheBatch) {
  OnnxModelBuilder builder;
  builder.input("x", {-1, 2, -1, -1}).name_dimension(2, "height");
  builder.node("Relu", {"x"}, {"y"}).output("y");
  const auto shape_with = [&](const OnnxReadOptions& options) {
    const OnnxModel model = read(builder, options);
    return model.graph.variable(model.graph.outputs()[0]).type.shape;
  };
  EXPECT_EQ(shape_with({}), (Shape{-1, 2, -1, -1}));
  EXPECT_EQ(shape_with({.dimensions = {{"height", 8}, {"x:3", 6}}}), (Shape{-1, 2, 8, 6}));
  EXPECT_EQ(shape_with({.dimensions = {{"x:2", 8}}}), (Shape{-1, 2, 8, -1}));
  EXPECT_EQ(error_of<Error>([&] {
              shape_with({.dimensions = {{"width", 8}}});
            }),
            "[m.onnx] no input has an open dimension 'width'");
}

TEST(OnnxReader, FixedInputsAreNoInputs) {
  OnnxModelBuilder builder;
  builder.input("x", {2, 6}).input("shape", {2}, onnx::TensorProto::INT64);
  builder.node("Reshape", {"x", "shape"}, {"y"}).output("y");
  EXPECT_EQ(error_of([&] { read(builder); }),
            "[m.onnx: node 'the y' (Reshape)] has a shape that is not known before the network "
            "runs");
  OnnxModel model = read(builder, {.fixed_inputs = {{"shape", at::tensor({3, 4}, at::kLong)}}});
  EXPECT_EQ(output_of(model, at::rand({2, 6})).sizes(), (IntList{3, 4}));
  EXPECT_EQ(error_of<Error>([&] {
              read(builder, {.fixed_inputs = {{"z", at::ones({1})}}});
            }),
            "[m.onnx] has no input 'z' to give a value");
  EXPECT_EQ(error_of<Error>([&] {
              read(builder, {.fixed_inputs = {{"shape", at::ones({3})}}});
            }),
            "[m.onnx: input 'shape'] has shape (2), the fixed value has (3)");
}

// What is deployed are the integers; they are not folded back into floats.
TEST(OnnxReader, QuantizedWeightsStayIntegers) {
  OnnxModelBuilder builder;
  builder.input("x", {-1, 2})
      .weight("w", at::tensor({1, -2, 3, 4, 5, -6}, at::kChar).reshape({2, 3}))
      .weight("w_scale", at::tensor({0.5F, 0.25F, 1.0F}))
      .weight("w_zero", at::tensor({0, 0, 0}, at::kChar))
      .node("DequantizeLinear", {"w", "w_scale", "w_zero"}, {"wf"}, {int_of("axis", 1)})
      .node("MatMul", {"x", "wf"}, {"y"})
      .output("y");
  OnnxModel model = read(builder);
  EXPECT_THAT(operations(model.graph), ElementsAre("DequantizeLinear", "Affine"));
  EXPECT_EQ(model.parameters->at("w").value.scalar_type(), at::kChar);
  EXPECT_FALSE(model.parameters->at("w_scale").need_grad);
  EXPECT_TRUE(at::equal(output_of(model, at::tensor({1.0F, 2.0F}).reshape({1, 2})),
                        at::tensor({0.5F + 4.0F, -0.5F + 2.5F, 3.0F - 12.0F}).reshape({1, 3})));
}

TEST(OnnxReader, DropoutDoesWhatTheFileSays) {
  OnnxModelBuilder inference;
  inference.input("x", {-1, 4}).node("Dropout", {"x"}, {"y"}).output("y");
  EXPECT_THAT(operations(read(inference).graph), ElementsAre("Identity"));
  OnnxModelBuilder training;
  training.input("x", {-1, 4})
      .weight("ratio", at::scalar_tensor(0.25F))
      .weight("mode", at::scalar_tensor(true, at::kBool))
      .node("Dropout", {"x", "ratio", "mode"}, {"y"})
      .output("y");
  EXPECT_THAT(operations(read(training).graph), ElementsAre("Dropout"));
}

TEST(OnnxReader, FunctionsOfTheModelAreExpanded) {
  OnnxModelBuilder builder;
  builder.input("x", {-1, 4}).node("Twice", {"x"}, {"y"}).output("y");
  builder.proto().mutable_graph()->mutable_node(0)->set_domain("mine");
  onnx::OperatorSetIdProto* opset = builder.proto().add_opset_import();
  opset->set_domain("mine");
  opset->set_version(1);
  onnx::FunctionProto& function = *builder.proto().add_functions();
  function.set_domain("mine");
  function.set_name("Twice");
  function.add_input("a");
  function.add_output("b");
  function.add_opset_import()->set_version(17);
  onnx::NodeProto& node = *function.add_node();
  node.set_op_type("Add");
  node.add_input("a");
  node.add_input("a");
  node.add_output("b");
  OnnxModel model = read(builder);
  EXPECT_THAT(operations(model.graph), ElementsAre("Add2"));
  EXPECT_TRUE(at::equal(output_of(model, at::ones({1, 4})), at::full({1, 4}, 2.0F)));
}

TEST(OnnxReader, HalfPrecisionBecomesSingle) {
  OnnxModelBuilder builder;
  builder.input("x", {-1, 2}, onnx::TensorProto::FLOAT16)
      .weight("w", at::tensor({1.5F, -2.0F}).to(at::kHalf))
      .node("Mul", {"x", "w"}, {"y"})
      .output("y");
  OnnxModel model = read(builder);
  EXPECT_EQ(model.parameters->at("w").value.scalar_type(), at::kFloat);
  EXPECT_TRUE(
      at::equal(output_of(model, at::ones({1, 2})), at::tensor({1.5F, -2.0F}).reshape({1, 2})));
}

TEST(OnnxReader, TheListOfOperators) {
  const std::vector<std::string> types = supported_onnx_operators();
  EXPECT_THAT(types, ::testing::IsSupersetOf({"Conv", "Gemm", "QLinearConv", "Resize"}));
}

}  // namespace
}  // namespace octet
