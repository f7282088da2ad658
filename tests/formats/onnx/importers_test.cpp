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

TEST(OnnxImporters, WhatTheyRefuseOfSpectraAndRegions) {
  EXPECT_EQ(error_of_node("DFT", {"x"}, {}),
            "[DFT] needs an input whose last dimension is 1 (real) or 2 (complex), got (-1, 4, 8, "
            "8) (layer the y)");
  EXPECT_EQ(error_of_node("STFT", {"x", "v"}, {}),
            "has a signal (-1, 4, 8, 8); it needs three dimensions, of which the length must be "
            "known");
  EXPECT_EQ(error_of_node("MelWeightMatrix", {"v", "v", "v", "v", "v"}, {}),
            "has 4 values in input 0, not 1");
  EXPECT_EQ(error_of_node("MelWeightMatrix", {"x", "x", "x", "x", "x"}, {}),
            "needs the value of input 0 ('x') before the network runs");
  EXPECT_EQ(error_of_node("RoiAlign", {"x", "m", "v"}, {word_of("mode", "sum")}),
            "[RoiAlign] mode 'sum' must be avg or max (layer the y)");
}

TEST(OnnxImporters, WhatDependsOnTheData) {
  EXPECT_EQ(error_of_node("NonZero", {"x"}, {}),
            "gives a result whose shape depends on the data, unless its input is a constant");
  EXPECT_EQ(error_of_node("Compress", {"x", "x"}, {}),
            "gives a result whose shape depends on the data, unless its condition is a constant");
  EXPECT_EQ(error_of_node("Unique", {"x"}, {}),
            "is an operator that is not supported: the shape of its result depends on the data");
  EXPECT_EQ(error_of_node("NonMaxSuppression", {"x", "x"}, {}),
            "is an operator that is not supported: the shape of its result depends on the data");
  EXPECT_EQ(error_of_node("RandomNormalLike", {"x"}, {}),
            "is an operator that is not supported: it draws random numbers");
  EXPECT_EQ(error_of_node("Loop", {"", "", "x"}, {}),
            "is an operator that is not supported: it is control flow");
  EXPECT_EQ(error_of_node("NoSuchOperator", {"x"}, {}), "is an operator that is not supported");
}

// What is known at import is computed there.
TEST(OnnxImporters, ConstantsDecideAboutShapes) {
  OnnxModelBuilder model;
  model.input("x", {-1, 4})
      .weight("mask", at::tensor({0, 3, 0, 2}, at::kLong))
      .node("NonZero", {"mask"}, {"places"})
      .node("Flatten", {"places"}, {"one"}, {int_of("axis", 0)})
      .node("Squeeze", {"one"}, {"index"})
      .node("Gather", {"x", "index"}, {"taken"}, {int_of("axis", 1)})
      .weight("half", at::tensor({1, 0}).to(at::kBool))
      .node("Compress", {"taken", "half"}, {"y"}, {int_of("axis", 1)})
      .output("taken")
      .output("y");
  const OnnxModel read = parse_onnx_model(model.bytes(), "m.onnx");
  const std::vector<VariableId>& outputs = read.graph.outputs();
  EXPECT_EQ(read.graph.variable(outputs[0]).type.shape, Shape({kFreeDim, 2}));
  EXPECT_EQ(read.graph.variable(outputs[1]).type.shape, Shape({kFreeDim, 1}));
  EXPECT_EQ(read.graph.num_function_slots(), 2);
}

// int64 holds the unsigned integers of 32 and of 64 bits.
TEST(OnnxImporters, BitShiftOfTheFilesOwnBits) {
  const auto bits_of = [](int32_t type, bool computed, const std::string& direction) {
    OnnxModelBuilder model;
    model.input("x", {3}, type).input("n", {3}, type);
    if (computed) model.node("Add", {"x", "x"}, {"z"});
    model.node("BitShift", {computed ? "z" : "x", "n"}, {"y"}, {word_of("direction", direction)})
        .output("y");
    const OnnxModel read = parse_onnx_model(model.bytes(), "m.onnx");
    return std::get<BitShift>(read.graph.function(computed ? 1 : 0).attributes).bits;
  };
  EXPECT_EQ(bits_of(onnx::TensorProto::UINT8, false, "LEFT"), 8);
  EXPECT_EQ(bits_of(onnx::TensorProto::UINT16, true, "LEFT"), 16);
  EXPECT_EQ(bits_of(onnx::TensorProto::UINT32, false, "LEFT"), 32);
  EXPECT_EQ(bits_of(onnx::TensorProto::UINT64, false, "LEFT"), 64);
  EXPECT_EQ(bits_of(onnx::TensorProto::UINT32, true, "RIGHT"), 64);
  EXPECT_THAT(error_of([&] { bits_of(onnx::TensorProto::UINT32, true, "LEFT"); }),
              HasSubstr("(BitShift)] moves bits to the left in a value that is computed, of 32 or "
                        "64 bits; supported are inputs, constants and numbers of 8 and 16 bits"));
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

// As values, they leave those that went in alone.
TEST(OnnxImporters, BatchNormalizationThatGivesItsStatistics) {
  const auto read = [](int64_t opset, int64_t training) {
    OnnxModelBuilder model(opset);
    model.input("x", {-1, 4, 8, 8});
    for (const char* name : {"gamma", "beta", "mean", "var"}) model.weight(name, at::ones({4}));
    model.node("BatchNormalization", {"x", "gamma", "beta", "mean", "var"}, {"y", "new_mean", "v"});
    if (opset >= 14)
      *model.proto().mutable_graph()->mutable_node(0)->add_attribute() =
          int_of("training_mode", training);
    model.output("y").output("new_mean");
    return parse_onnx_model(model.bytes(), "m.onnx");
  };
  const OnnxModel model = read(15, 1);
  EXPECT_EQ(model.graph.function(0).inputs.size(), 3);
  EXPECT_EQ(model.graph.variable(model.graph.outputs()[1]).type.shape, Shape({4}));
  EXPECT_THAT(error_of([&] { read(15, 0); }),
              HasSubstr("has its running statistics as outputs without training_mode"));
  EXPECT_THAT(error_of([&] { read(9, 1); }),
              HasSubstr("of version 9 has its running statistics as outputs; of 14 and later is "
                        "supported"));
}

TEST(OnnxImporters, ReshapeOfNothing) {
  const auto read = [](int64_t allow_zero) {
    OnnxModelBuilder model;
    model.input("x", {0, 3, 4})
        .weight("shape", at::tensor({3, 4, 0}, at::kLong))
        .node("Reshape", {"x", "shape"}, {"y"}, {int_of("allowzero", allow_zero)})
        .output("y");
    const OnnxModel read = parse_onnx_model(model.bytes(), "m.onnx");
    return read.graph.variable(read.graph.outputs()[0]).type.shape;
  };
  EXPECT_EQ(read(1), Shape({3, 4, 0}));
  EXPECT_THAT(error_of([&] { read(0); }), HasSubstr("does not fit into the shape"));
}

}  // namespace
}  // namespace octet
