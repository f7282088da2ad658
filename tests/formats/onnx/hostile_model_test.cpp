// Files that are wrong: each an error of one line.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "octet/formats/onnx/onnx.h"
#include "tests/formats/format_test_support.h"
#include "tests/support/onnx_model_builder.h"

namespace octet {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string error_of_model(const OnnxModelBuilder& model) {
  const std::string message = error_of([&] { parse_onnx_model(model.bytes(), "m.onnx"); });
  EXPECT_THAT(message, Not(HasSubstr("\n")));
  return message;
}

TEST(HostileOnnx, AnUnknownOperatorIsNamed) {
  OnnxModelBuilder model;
  model.input("x", {1}).node("Frobnicate", {"x"}, {"y"}).output("y");
  EXPECT_EQ(error_of_model(model),
            "[m.onnx: node 'the y' (Frobnicate)] is an operator that is not supported");
  model.proto().mutable_graph()->mutable_node(0)->set_domain("com.example");
  EXPECT_EQ(error_of_model(model),
            "[m.onnx: node 'the y' (Frobnicate)] is an operator of 'com.example' that is not "
            "supported");
}

TEST(HostileOnnx, AnOperatorThatNoOutputNeedsDoesNotMatter) {
  OnnxModelBuilder model;
  model.input("x", {1}).node("Frobnicate", {"x"}, {"z"}).node("Relu", {"x"}, {"y"}).output("y");
  parse_onnx_model(model.bytes(), "m.onnx");
}

TEST(HostileOnnx, AnUnknownAttributeIsNamed) {
  OnnxModelBuilder model;
  model.input("x", {1}).node("Relu", {"x"}, {"y"}, {int_of("steepness", 3)}).output("y");
  EXPECT_EQ(error_of_model(model),
            "[m.onnx: node 'the y' (Relu)] has the attribute 'steepness', which is not supported");
}

TEST(HostileOnnx, AnAttributeOfAnotherKind) {
  OnnxModelBuilder model;
  model.input("x", {1}).node("Elu", {"x"}, {"y"}, {int_of("alpha", 3)}).output("y");
  EXPECT_EQ(error_of_model(model),
            "[m.onnx: node 'the y' (Elu)] has an attribute 'alpha' that is not a number");
}

TEST(HostileOnnx, AnOperatorOlderThanIsUnderstood) {
  OnnxModelBuilder model(6);
  model.input("x", {1}).node("Sin", {"x"}, {"y"}).output("y");
  EXPECT_EQ(error_of_model(model),
            "[m.onnx: node 'the y' (Sin)] is of version 6 of the operators; of 7 and later is "
            "supported");
}

TEST(HostileOnnx, InputsThatNothingComputes) {
  OnnxModelBuilder model;
  model.input("x", {1}).node("Add", {"x", "z"}, {"y"}).output("y");
  EXPECT_EQ(error_of_model(model),
            "[m.onnx: node 'the y' (Add)] reads 'z', which nothing computes");
  OnnxModelBuilder none;
  none.input("x", {1}).output("y");
  EXPECT_EQ(error_of_model(none), "[m.onnx: output 'y'] reads 'y', which nothing computes");
  OnnxModelBuilder left_out;
  left_out.input("x", {1}).node("Add", {"x"}, {"y"}).output("y");
  EXPECT_EQ(error_of_model(left_out), "[m.onnx: node 'the y' (Add)] has no input 1");
}

TEST(HostileOnnx, Cycles) {
  OnnxModelBuilder model;
  model.input("x", {1}).node("Add", {"x", "b"}, {"a"}).node("Relu", {"a"}, {"b"}).output("b");
  EXPECT_EQ(error_of_model(model),
            "[m.onnx: node 'the a' (Add)] reads 'b' before it is computed: the nodes are in a "
            "cycle or out of order");
}

TEST(HostileOnnx, AValueComputedTwice) {
  OnnxModelBuilder model;
  model.input("x", {1}).node("Relu", {"x"}, {"y"}).node("Abs", {"x"}, {"y"}).output("y");
  EXPECT_EQ(error_of_model(model),
            "[m.onnx: node 'the y' (Abs)] computes 'y', which exists already");
}

TEST(HostileOnnx, AnInitializerThatIsTooShort) {
  OnnxModelBuilder model;
  model.input("x", {2}).weight("w", at::ones({2})).node("Add", {"x", "w"}, {"y"}).output("y");
  model.proto().mutable_graph()->mutable_initializer(0)->set_raw_data("1234");
  EXPECT_EQ(error_of_model(model),
            "[m.onnx] tensor 'w' has 4 bytes of data, its shape (2) of float needs 8");
}

TEST(HostileOnnx, AShapeThatLies) {
  OnnxModelBuilder model;
  model.input("x", {1, 3, 8, 8})
      .weight("w", at::ones({4, 5, 3, 3}))
      .node("Conv", {"x", "w"}, {"y"})
      .output("y");
  EXPECT_THAT(error_of_model(model), HasSubstr("[m.onnx: node 'the y' (Conv)] [Convolution]"));
}

TEST(HostileOnnx, AnInputWithoutAShape) {
  OnnxModelBuilder model;
  model.input("x", {1}).node("Relu", {"x"}, {"y"}).output("y");
  model.proto()
      .mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->clear_shape();
  EXPECT_EQ(error_of_model(model), "[m.onnx: input 'x'] has no shape");
  model.proto().mutable_graph()->mutable_input(0)->mutable_type()->mutable_sequence_type();
  EXPECT_EQ(error_of_model(model), "[m.onnx: input 'x'] is not a tensor");
}

TEST(HostileOnnx, NoOutputs) {
  OnnxModelBuilder model;
  model.input("x", {1}).node("Relu", {"x"}, {"y"});
  EXPECT_EQ(error_of_model(model), "[m.onnx] has no outputs");
}

TEST(HostileOnnx, FunctionsWithoutEnd) {
  OnnxModelBuilder model;
  model.input("x", {1}).node("Again", {"x"}, {"y"}).output("y");
  model.proto().mutable_graph()->mutable_node(0)->set_domain("mine");
  onnx::FunctionProto& function = *model.proto().add_functions();
  function.set_domain("mine");
  function.set_name("Again");
  function.add_input("a");
  function.add_output("b");
  onnx::NodeProto& node = *function.add_node();
  node.set_op_type("Again");
  node.set_domain("mine");
  node.add_input("a");
  node.add_output("b");
  EXPECT_EQ(error_of_model(model), "[m.onnx: node 'b' (Again)] calls functions more than 64 deep");
}

// Tens of bytes that ask for terabytes: an error, or a computation left to the run.
TEST(HostileOnnx, ConstantsThatGrow) {
  OnnxModelBuilder range;
  range.input("x", {1}).weight("a", at::scalar_tensor(0.0F)).weight("b", at::scalar_tensor(1e30F));
  range.weight("c", at::scalar_tensor(1.0F)).node("Range", {"a", "b", "c"}, {"y"}).output("y");
  EXPECT_THAT(error_of_model(range), HasSubstr("gives no list of numbers"));
  OnnxModelBuilder eye;
  eye.input("x", {1 << 30, 1 << 30}).node("EyeLike", {"x"}, {"y"}).output("y");
  EXPECT_THAT(error_of_model(eye), HasSubstr("has an input (1073741824, 1073741824)"));
  OnnxModelBuilder fill;
  fill.input("x", {1})
      .weight("shape", at::tensor({int64_t{1} << 31, int64_t{1} << 31, int64_t{4}}, at::kLong))
      .node("ConstantOfShape", {"shape"}, {"y"})
      .output("y");
  parse_onnx_model(fill.bytes(), "m.onnx");
}

TEST(HostileOnnx, TruncatedAtAnyByteItIsAnErrorOrAModel) {
  OnnxModelBuilder model;
  model.input("x", {2}).weight("w", at::ones({2})).node("Add", {"x", "w"}, {"y"}).output("y");
  const std::string bytes = model.bytes();
  for (size_t size = 0; size < bytes.size(); ++size) {
    try {
      parse_onnx_model(bytes.substr(0, size), "m.onnx");
    } catch (const FileError&) {
      continue;
    }
  }
}

}  // namespace
}  // namespace octet
