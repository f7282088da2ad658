#include "octet/formats/onnx/runtime_function.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace octet {
namespace {

// Where the operands of an operator begin (the integers; behind them their scale and zero point),
// and where the scale of the result stands, with its zero point behind it.
struct RuntimeOperator {
  std::string_view type;
  const char* real;  // the operator on floats
  std::vector<int> operands;
  int result;
  std::vector<int> plain;  // inputs that are passed on in front of the operands
};

const std::vector<RuntimeOperator>& runtime_operators() {
  static const std::vector<RuntimeOperator> kOperators{
      {"QLinearAdd", "Add", {0, 3}, 6, {}},
      {"QLinearMul", "Mul", {0, 3}, 6, {}},
      {"QLinearSigmoid", "Sigmoid", {0}, 3, {}},
      {"QLinearLeakyRelu", "LeakyRelu", {0}, 3, {}},
      {"QLinearSoftmax", "Softmax", {0}, 3, {}},
      {"QLinearAveragePool", "AveragePool", {0}, 3, {}},
      {"QLinearGlobalAveragePool", "GlobalAveragePool", {0}, 3, {}},
      {"QLinearReduceMean", "ReduceMean", {0}, 3, {}},
      {"QLinearWhere", "Where", {1, 4}, 7, {0}},
  };
  return kOperators;
}

// Values of the body.
const std::string kReal = "real", kResult = "y";

class BodyBuilder {
 public:
  BodyBuilder(const onnx::NodeProto& call, onnx::FunctionProto& body) : call_(call), body_(body) {
    body.set_name(call.op_type());
    body.set_domain(kRuntimeDomain);
    for (int i = 0; i < call.input_size(); ++i) body.add_input(input(i));
    body.add_output(kResult);
  }

  void build(const char* real, const std::vector<int>& operands, int result,
             const std::vector<int>& plain) {
    onnx::NodeProto layer;
    layer.set_op_type(real);
    layer.set_name(real);
    for (const int index : plain) layer.add_input(input(index));
    for (const int index : operands) layer.add_input(dequantized(index));
    layer.add_output(kReal);
    add_attributes(layer);
    *body_.add_node() = layer;
    onnx::NodeProto& quantize = node("QuantizeLinear", kResult);
    quantize.add_input(kReal);
    quantize.add_input(input(result));
    quantize.add_input(input(result + 1));
    quantize.add_output(kResult);
  }

 private:
  // "" for an input that the call leaves out.
  std::string input(int index) const { return fmt::format("input{}", index); }

  onnx::NodeProto& node(const char* type, const std::string& name) {
    onnx::NodeProto& added = *body_.add_node();
    added.set_op_type(type);
    added.set_name(name);
    return added;
  }

  std::string dequantized(int index) {
    const std::string name = fmt::format("x{}", index);
    onnx::NodeProto& dequantize = node("DequantizeLinear", name);
    dequantize.add_input(input(index));
    dequantize.add_input(input(index + 1));
    if (index + 2 < call_.input_size()) dequantize.add_input(input(index + 2));
    dequantize.add_output(name);
    return name;
  }

  // Those of ONNX's operator, and two of the runtime's: where the channels are, which only
  // channels_last = 0 needs no word about, and whose definition of Softmax is meant.
  void add_attributes(onnx::NodeProto& layer) {
    for (const onnx::AttributeProto& attribute : call_.attribute()) {
      if (attribute.name() == "channels_last" && attribute.i() == 0) continue;
      if (attribute.name() == "opset") {
        onnx::OperatorSetIdProto& opset = *body_.add_opset_import();
        opset.set_domain("");
        opset.set_version(attribute.i());
        continue;
      }
      *layer.add_attribute() = attribute;
    }
  }

  const onnx::NodeProto& call_;
  onnx::FunctionProto& body_;
};

}  // namespace

bool build_runtime_function(const onnx::NodeProto& call, onnx::FunctionProto& body) {
  if (call.domain() != kRuntimeDomain) return false;
  if (call.op_type() == "QLinearConcat") {  // (y_scale, y_zero_point, x, x_scale, x_zero_point ...)
    std::vector<int> operands;
    for (int i = 2; i + 1 < call.input_size(); i += 3) operands.push_back(i);
    BodyBuilder(call, body).build("Concat", operands, 0, {});
    return true;
  }
  const auto& operators = runtime_operators();
  const auto found = std::ranges::find(operators, call.op_type(), &RuntimeOperator::type);
  if (found == operators.end()) return false;
  BodyBuilder(call, body).build(found->real, found->operands, found->result, found->plain);
  return true;
}

}  // namespace octet
