// What importers refuse, by name of the node and the attribute, and modes that the backend tests do
// not show.
#include "octet/formats/onnx/importers.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "octet/formats/onnx/onnx.h"
#include "tests/formats/format_test_support.h"
#include "tests/support/onnx_model_builder.h"

namespace octet {
namespace {

using ::testing::HasSubstr;

onnx::AttributeProto word_of(const std::string& name, const std::string& value) {
  onnx::AttributeProto attribute;
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::STRING);
  attribute.set_s(value);
  return attribute;
}

// The error of one node on an input "x" of (N, 4, 8, 8) and weights "w" (4, 4, 3, 3), "v" (4) and
// "m" (4, 6).
std::string error_of_node(const std::string& type, const std::vector<std::string>& inputs,
                          const std::vector<onnx::AttributeProto>& attributes, int64_t opset = 17) {
  OnnxModelBuilder model(opset);
  model.input("x", {-1, 4, 8, 8})
      .weight("w", at::ones({4, 4, 3, 3}))
      .weight("v", at::ones({4}))
      .weight("m", at::ones({4, 6}))
      .node(type, inputs, {"y"}, attributes)
      .output("y");
  const std::string message = error_of([&] { parse_onnx_model(model.bytes(), "m.onnx"); });
  const std::string place = "[m.onnx: node 'the y' (" + type + ")] ";
  EXPECT_EQ(message.substr(0, place.size()), place);
  return message.substr(std::min(place.size(), message.size()));
}

TEST(OnnxImporters, WhatTheyRefuse) {
  EXPECT_EQ(error_of_node("Conv", {"x", "w"}, {ints("kernel_shape", {5, 5})}),
            "has the kernel_shape [5, 5] and a weight (4, 4, 3, 3)");
  EXPECT_EQ(error_of_node("Conv", {"x", "w"}, {ints("strides", {2})}),
            "has strides [2] for 2 spatial dimensions");
  EXPECT_EQ(error_of_node("Conv", {"x", "w"}, {ints("pads", {-1, 0, 0, 0})}),
            "has pads [-1, 0, 0, 0]; they must not be negative");
  EXPECT_EQ(error_of_node("Conv", {"x", "w"}, {word_of("auto_pad", "SOME")}),
            "has the auto_pad 'SOME'");
  EXPECT_EQ(error_of_node("Gemm", {"x", "m"}, {}),
            "has operands (-1, 4, 8, 8) and (4, 6) that are not matrices");
  EXPECT_EQ(error_of_node("Softmax", {"x"}, {int_of("axis", 4)}), "has an axis 4 for 4 dimensions");
  EXPECT_EQ(error_of_node("Concat", {"x", "x"}, {}), "has no axis");
  EXPECT_EQ(error_of_node("Mod", {"x", "x"}, {}), "has fmod = 0 for floats");
  EXPECT_EQ(error_of_node("Cast", {"x"}, {int_of("to", 8)}).substr(0, 60),
            "has the element type string, which is not supported");
  EXPECT_EQ(error_of_node("Cast", {"x"}, {}), "does not say to which type");
  EXPECT_EQ(error_of_node("Gelu", {"x"}, {word_of("approximate", "best")}, 20),
            "has the approximate 'best'");
  EXPECT_EQ(error_of_node("DepthToSpace", {"x"}, {int_of("blocksize", 3)}),
            "has the mode 'DCR' and 4 channels for blocks of 3");
  EXPECT_EQ(error_of_node("QuantizeLinear", {"x", "m"}, {}),
            "has a scale or zero point (4, 6); supported are one number and one per channel");
  EXPECT_EQ(error_of_node("AveragePool", {"x"},
                          {ints("kernel_shape", {2, 2}), ints("dilations", {2, 2})}, 19),
            "has dilations [2, 2]; only 1 is supported");
  EXPECT_EQ(error_of_node("Resize", {"x", "", "v"}, {int_of("antialias", 1)}, 18),
            "has antialias, which is not supported");
  EXPECT_EQ(error_of_node("Pad", {"x"}, {word_of("mode", "wrap"), ints("pads", IntList(8, 1))}, 10),
            "has the mode 'wrap'");
}

TEST(OnnxImporters, WhatNeedsTheRunOrAnExtent) {
  EXPECT_EQ(error_of_node("Tile", {"x", "x"}, {}),
            "needs the value of input 1 ('x') before the network runs");
  EXPECT_THAT(error_of_node("Resize", {"x", "", "m4"}, {}), HasSubstr("reads 'm4'"));
}

// torch.onnx writes the running statistics of training as outputs that nothing reads.
TEST(OnnxImporters, BatchNormalizationInTrainingMode) {
  const auto read = [](int64_t training) {
    OnnxModelBuilder model(15);
    model.input("x", {-1, 4, 8, 8});
    for (const char* name : {"gamma", "beta", "mean", "var"}) model.weight(name, at::ones({4}));
    model
        .node("BatchNormalization", {"x", "gamma", "beta", "mean", "var"},
              {"y", "new_mean", "new_var"}, {int_of("training_mode", training)})
        .output("y");
    const OnnxModel read = parse_onnx_model(model.bytes(), "m.onnx");
    return std::get<BatchNormalization>(read.graph.function(0).attributes).batch_stat;
  };
  EXPECT_TRUE(read(1));
  EXPECT_FALSE(read(0));
}

}  // namespace
}  // namespace octet
