// Integer arithmetic of ONNX's nodes, read as integer functions.
#include "octet/formats/onnx/recover_integers.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "octet/base/error.h"
#include "octet/formats/onnx/onnx.h"
#include "octet/graph/interpreter.h"
#include "tests/support/integer_reference.h"
#include "tests/support/onnx_model_builder.h"
#include "tests/support/pass_fixture.h"

namespace octet {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

std::vector<std::string> operations(const Graph& graph) {
  std::vector<std::string> types;
  for (const FunctionId id : graph.topological_order(graph.outputs())) {
    types.emplace_back(type_name(graph.function(id).attributes));
  }
  return types;
}

at::Tensor output_of(const OnnxModel& model, const at::Tensor& x) {
  RandomState random(0);
  const VariableId output = model.graph.outputs()[0];
  return run(model.graph, *model.parameters, {{model.graph.find_variable("x"), x}}, {output},
             random)
      .at(output);
}

const at::Tensor& value_of(const OnnxModel& model, VariableId id) {
  return model.parameters->at(model.graph.variable(id).name).value;
}

// The last function of that type.
const Function& last(const OnnxModel& model, std::string_view type) {
  const Function* found = nullptr;
  for (const FunctionId id : model.graph.topological_order(model.graph.outputs())) {
    const Function& function = model.graph.function(id);
    if (type_name(function.attributes) == type) found = &function;
  }
  EXPECT_NE(found, nullptr) << type;
  return *found;
}

class RecoverIntegers : public ::testing::Test {
 protected:
  RecoverIntegers() {
    builder_.input("x", {-1, 3, 6, 6}, onnx::TensorProto::UINT8)
        .weight("w", w_.to(at::kChar))
        .weight("zx", at::full({}, 7, at::kByte))
        .weight("b", b_.to(at::kInt).reshape({4, 1, 1}))
        .weight("m", m_.reshape({4, 1, 1}))
        .weight("one", at::ones({}))
        .weight("zy", at::full({}, 5, at::kByte));
  }

  OnnxModel read() const { return parse_onnx_model(builder_.bytes(), "m.onnx"); }

  at::Tensor accumulators(const Shape& pad, const Shape& y) const {
    return ConvolutionReference{.pad = pad, .stride = {1, 1}, .dilation = {1, 1}}.run(
               (x_ - 7).to(at::kLong), w_.to(at::kLong), y) +
           b_.to(at::kLong).reshape({4, 1, 1});
  }

  void convolution(const std::vector<onnx::AttributeProto>& attributes = {}) {
    builder_.node("ConvInteger", {"x", "w", "zx"}, {"acc"}, attributes)
        .node("Add", {"acc", "b"}, {"sum"})
        .node("Cast", {"sum"}, {"real"}, {int_of("to", onnx::TensorProto::FLOAT)});
  }

  IntegerCases cases_{11};
  at::Tensor x_ = cases_.integers({2, 3, 6, 6}, 0, 255);
  at::Tensor w_ = cases_.integers({4, 3, 3, 3}, -127, 127);
  at::Tensor b_ = cases_.integers({4}, -5000, 5000);
  at::Tensor m_ = cases_.scales(4) * 0.01;
  OnnxModelBuilder builder_;
};

TEST_F(RecoverIntegers, SumsThatAreMultipliedAndQuantizedAreAnIntegerLayer) {
  convolution();
  builder_.node("Mul", {"real", "m"}, {"steps"})
      .node("QuantizeLinear", {"steps", "one", "zy"}, {"y"})
      .output("y");
  const OnnxModel model = read();
  EXPECT_THAT(operations(model.graph), ElementsAre("QuantizedConvolution"));
  EXPECT_EQ(model.parameters->at("w").value.scalar_type(), at::kChar);
  const at::Tensor acc = accumulators({0, 0}, {2, 4, 4, 4});
  const at::Tensor y = output_of(model, x_.to(at::kByte)).to(at::kLong);
  for (int64_t i = 0; i < acc.numel(); ++i) {
    const auto m = m_[i / 16 % 4].item<float>();
    ASSERT_EQ(y.flatten()[i].item<int64_t>(),
              requantize_reference(acc.flatten()[i].item<int64_t>(), m, 5, 0, 255))
        << i;
  }
}

// As other programs write it: the sums become real numbers first.
TEST_F(RecoverIntegers, SumsThatAreDequantizedAreAccumulators) {
  convolution({ints("pads", {1, 0, 2, 1})});
  builder_.node("Mul", {"real", "m"}, {"h"}).node("Relu", {"h"}, {"y"}).output("y");
  const OnnxModel model = read();
  EXPECT_THAT(operations(model.graph),
              ElementsAre("Pad", "QuantizedConvolution", "DequantizeLinear", "ReLU"));
  const at::Tensor padded = at::constant_pad_nd(x_, {0, 1, 1, 2}, 7);
  const at::Tensor acc =
      ConvolutionReference{.pad = {0, 0}, .stride = {1, 1}, .dilation = {1, 1}}.run(
          (padded - 7).to(at::kLong), w_.to(at::kLong), {2, 4, 7, 5}) +
      b_.to(at::kLong).reshape({4, 1, 1});
  const at::Tensor expected = at::relu(acc.to(at::kFloat) * m_.reshape({4, 1, 1}));
  EXPECT_TRUE(at::equal(output_of(model, x_.to(at::kByte)), expected));
}

TEST_F(RecoverIntegers, RealNumbersOfAnotherScaleAreRequantized) {
  convolution();
  builder_.weight("sy", at::full({}, 0.37F))
      .node("Mul", {"real", "m"}, {"h"})
      .node("QuantizeLinear", {"h", "sy", "zy"}, {"y"})
      .output("y");
  const OnnxModel model = read();
  EXPECT_THAT(operations(model.graph), ElementsAre("QuantizedConvolution", "Requantize"));
  const at::Tensor h = accumulators({0, 0}, {2, 4, 4, 4}).to(at::kFloat) * m_.reshape({4, 1, 1});
  const at::Tensor expected = at::clamp(at::round(h / 0.37F) + 5, 0, 255);
  EXPECT_TRUE(at::equal(output_of(model, x_.to(at::kByte)).to(at::kFloat), expected));
}

// Accumulators are held in float32; whoever wants int32 gets every bit of them.
TEST_F(RecoverIntegers, SumsThatAreReadAsInt32StayExact) {
  convolution();
  builder_.output("sum").output("real");
  const OnnxModel model = read();
  EXPECT_THAT(operations(model.graph), Not(Contains("QuantizedConvolution")));
  const at::Tensor sum = output_of(model, x_.to(at::kByte));
  EXPECT_EQ(sum.scalar_type(), at::kInt);
  EXPECT_TRUE(at::equal(sum.to(at::kLong), accumulators({0, 0}, {2, 4, 4, 4})));
}

// The bias is none of the sums' own: another shape, so the Add stays.
TEST_F(RecoverIntegers, AnAddOfAnotherShapeStays) {
  builder_.weight("map", at::ones({4, 4}, at::kInt))
      .node("ConvInteger", {"x", "w", "zx"}, {"acc"})
      .node("Add", {"acc", "map"}, {"sum"})
      .node("Cast", {"sum"}, {"y"}, {int_of("to", onnx::TensorProto::FLOAT)})
      .output("y");
  EXPECT_THAT(operations(read().graph), Not(Contains("QuantizedConvolution")));
}

TEST_F(RecoverIntegers, AWeightWithAZeroPointIsCentred) {
  const at::Tensor bytes = (w_ + 127).to(at::kByte);
  builder_.weight("v", bytes)
      .weight("zv", at::full({}, 127, at::kByte))
      .node("ConvInteger", {"x", "v", "zx", "zv"}, {"acc"})
      .node("Cast", {"acc"}, {"y"}, {int_of("to", onnx::TensorProto::FLOAT)})
      .output("y");
  const OnnxModel model = read();
  EXPECT_THAT(operations(model.graph), Contains("QuantizedConvolution"));
  const at::Tensor acc = accumulators({0, 0}, {2, 4, 4, 4}) - b_.to(at::kLong).reshape({4, 1, 1});
  EXPECT_TRUE(at::equal(output_of(model, x_.to(at::kByte)), acc.to(at::kFloat)));
}

// 6 steps of 1 / 8 above the zero point is what a ReLU6 bounds; 60 is nothing that a function has.
TEST_F(RecoverIntegers, BoundsAreActivationsWhereTheyFit) {
  const auto bounded = [&](int highest) {
    OnnxModelBuilder builder = builder_;
    builder.weight("s", at::full({}, 0.125F))
        .weight("low", at::full({}, 5, at::kByte))
        .weight("high", at::full({}, highest, at::kByte))
        .weight("sw", at::full({}, 0.01F))
        .weight("zw", at::zeros({}, at::kChar))
        .node("QLinearConv", {"x", "s", "zx", "w", "sw", "zw", "s", "zy"}, {"c"})
        .node("Clip", {"c", "low", "high"}, {"y"})
        .output("y");
    return parse_onnx_model(builder.bytes(), "m.onnx");
  };
  const OnnxModel relu6 = bounded(5 + 48);
  EXPECT_THAT(operations(relu6.graph), ElementsAre("QuantizedConvolution"));
  EXPECT_EQ(
      std::get<QuantizedConvolution>(last(relu6, "QuantizedConvolution").attributes).activation,
      "RELU6");
  const OnnxModel other = bounded(60);
  EXPECT_THAT(operations(other.graph), ElementsAre("QuantizedConvolution", "Minimum2"));
  EXPECT_EQ(
      std::get<QuantizedConvolution>(last(other, "QuantizedConvolution").attributes).activation,
      "RELU");
  EXPECT_EQ(output_of(other, x_.to(at::kByte)).max().item<int64_t>(), 60);
}

TEST(RecoverQuantizers, AClipOfTheLowestIntegerIsANarrowRange) {
  OnnxModelBuilder builder;
  builder.input("x", {-1, 4})
      .weight("s", at::full({}, 0.5F))
      .weight("z", at::zeros({}, at::kChar))
      .weight("low", at::full({}, -127, at::kChar))
      .node("QuantizeLinear", {"x", "s", "z"}, {"q"})
      .node("Clip", {"q", "low"}, {"c"})
      .node("DequantizeLinear", {"c", "s", "z"}, {"y"})
      .output("y");
  const OnnxModel model = parse_onnx_model(builder.bytes(), "m.onnx");
  EXPECT_THAT(operations(model.graph), ElementsAre("QuantizeLinear", "DequantizeLinear"));
  EXPECT_EQ(output_of(model, at::full({1, 4}, -1000.0F))[0][0].item<float>(), -63.5F);
}

// A product of two values, with the scale that its reader tells, and a table of the result.
TEST(RecoverProducts, OfTwoValuesAndATable) {
  OnnxModelBuilder builder;
  at::Tensor table = at::arange(255, -1, -1).to(at::kByte);
  builder.input("x", {-1, 4, 4}, onnx::TensorProto::UINT8)
      .weight("z", at::full({}, 3, at::kByte))
      .weight("m", at::full({}, 0.01F))
      .weight("one", at::ones({}))
      .weight("table", table)
      .node("MatMulInteger", {"x", "x", "z", "z"}, {"acc"})
      .node("Cast", {"acc"}, {"real"}, {int_of("to", onnx::TensorProto::FLOAT)})
      .node("Mul", {"real", "m"}, {"steps"})
      .node("QuantizeLinear", {"steps", "one", "z"}, {"q"})
      .node("Cast", {"q"}, {"index"}, {int_of("to", onnx::TensorProto::INT64)})
      .node("Gather", {"table", "index"}, {"y"})
      .output("y");
  const OnnxModel model = parse_onnx_model(builder.bytes(), "m.onnx");
  EXPECT_THAT(operations(model.graph), ElementsAre("QuantizedBatchMatmul", "QuantizedLookup"));
  IntegerCases cases(3);
  const at::Tensor x = cases.integers({2, 4, 4}, 0, 20);
  const at::Tensor steps = at::matmul(x - 3, x - 3) * 0.01F;
  const at::Tensor q = at::clamp(at::round(steps) + 3, 0, 255);
  EXPECT_TRUE(at::equal(output_of(model, x.to(at::kByte)).to(at::kFloat), 255 - q));
}

// ---- Octet's own files -----------------------------------------------------------------------

// A hidden layer's scales stand in no node.
TEST(RecoverNotes, GiveTheScalesOfHiddenLayersBack) {
  OnnxModelBuilder builder;
  builder.input("x", {-1, 4}, onnx::TensorProto::INT8)
      .weight("w", at::ones({4, 3}, at::kChar))
      .weight("m", at::full({}, 0.25F))
      .weight("one", at::ones({}))
      .weight("z", at::zeros({}, at::kChar))
      .node("MatMulInteger", {"x", "w"}, {"acc"})
      .node("Cast", {"acc"}, {"real"}, {int_of("to", onnx::TensorProto::FLOAT)})
      .node("Mul", {"real", "m"}, {"steps"})
      .node("QuantizeLinear", {"steps", "one", "z"}, {"y"})
      .output("y");
  onnx::StringStringEntryProto& entry = *builder.proto().add_metadata_props();
  entry.set_key("octet.scales");
  entry.set_value(R"({"y": 0.5})");
  const OnnxModel model = parse_onnx_model(builder.bytes(), "m.onnx");
  const Function& layer = last(model, "QuantizedAffine");
  EXPECT_EQ(value_of(model, layer.inputs[layer_input::kYScale]).item<float>(), 0.5F);
  EXPECT_EQ(value_of(model, layer.inputs[layer_input::kWScale]).item<float>(), 0.125F);

  const auto error = [&](const std::string& notes) {
    entry.set_value(notes);
    try {
      parse_onnx_model(builder.bytes(), "m.onnx");
    } catch (const FileError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(error("[1]"), "[m.onnx] has metadata 'octet.scales' that is no JSON object");
  EXPECT_EQ(error("{"), "[m.onnx] has metadata 'octet.scales' that is no JSON object");
  for (const char* scale : {"0", "-1", "1e300", "\"a\""}) {
    EXPECT_EQ(error(fmt::format(R"({{"y": {}}})", scale)),
              "[m.onnx] has metadata 'octet.scales' that gives 'y' a scale that is no positive "
              "number");
  }
}

}  // namespace
}  // namespace octet
