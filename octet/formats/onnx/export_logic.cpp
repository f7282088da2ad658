// Comparison, logic and choice. Octet's truth values are floats, ONNX's are bool.
#include <ATen/ATen.h>

#include "octet/formats/onnx/exporters.h"

namespace octet {
namespace {

Name as_output(LayerExporter& layer, const Name& truth) {
  return layer.cast(truth, layer.output_type().dtype);
}

Name truth_of(LayerExporter& layer, size_t index) {
  const Name x = layer.input(index);
  return layer.type(index).dtype == DType::kBool ? x : layer.cast(x, DType::kBool);
}

Names compared(LayerExporter& layer, std::string_view type) {
  return {as_output(layer, layer.node(type, layer.inputs()))};
}

Names compared_with(LayerExporter& layer, std::string_view type, double val) {
  return {as_output(layer, layer.node(type, {layer.real(0), layer.number(val)}))};
}

Names inverted(LayerExporter& layer, const Name& truth) {
  return {as_output(layer, layer.node("Not", {truth}))};
}

Names connected(LayerExporter& layer, std::string_view type) {
  return {as_output(layer, layer.node(type, {truth_of(layer, 0), truth_of(layer, 1)}))};
}

Names connected_with(LayerExporter& layer, std::string_view type, bool val) {
  const Name constant = layer.constant(at::full({}, val, at::kBool), "constant");
  return {as_output(layer, layer.node(type, {truth_of(layer, 0), constant}))};
}

Names replaced(LayerExporter& layer, std::string_view test, double val) {
  const Name x = layer.real(0);
  return {layer.node("Where", {layer.node(test, {x}), layer.number(val), x})};
}

}  // namespace

Names export_function(const Equal&, LayerExporter& layer) {
  return compared(layer, "Equal");
}

Names export_function(const NotEqual&, LayerExporter& layer) {
  return inverted(layer, layer.node("Equal", layer.inputs()));
}

Names export_function(const Greater&, LayerExporter& layer) {
  return compared(layer, "Greater");
}

Names export_function(const GreaterEqual&, LayerExporter& layer) {
  return compared(layer, "GreaterOrEqual");
}

Names export_function(const Less&, LayerExporter& layer) {
  return compared(layer, "Less");
}

Names export_function(const LessEqual&, LayerExporter& layer) {
  return compared(layer, "LessOrEqual");
}

Names export_function(const EqualScalar& op, LayerExporter& layer) {
  return compared_with(layer, "Equal", op.val);
}

Names export_function(const NotEqualScalar& op, LayerExporter& layer) {
  return inverted(layer, layer.node("Equal", {layer.real(0), layer.number(op.val)}));
}

Names export_function(const GreaterScalar& op, LayerExporter& layer) {
  return compared_with(layer, "Greater", op.val);
}

Names export_function(const GreaterEqualScalar& op, LayerExporter& layer) {
  return compared_with(layer, "GreaterOrEqual", op.val);
}

Names export_function(const LessScalar& op, LayerExporter& layer) {
  return compared_with(layer, "Less", op.val);
}

Names export_function(const LessEqualScalar& op, LayerExporter& layer) {
  return compared_with(layer, "LessOrEqual", op.val);
}

Names export_function(const LogicalNot&, LayerExporter& layer) {
  return inverted(layer, truth_of(layer, 0));
}

Names export_function(const LogicalAnd&, LayerExporter& layer) {
  return connected(layer, "And");
}

Names export_function(const LogicalOr&, LayerExporter& layer) {
  return connected(layer, "Or");
}

Names export_function(const LogicalXor&, LayerExporter& layer) {
  return connected(layer, "Xor");
}

Names export_function(const LogicalAndScalar& op, LayerExporter& layer) {
  return connected_with(layer, "And", op.val);
}

Names export_function(const LogicalOrScalar& op, LayerExporter& layer) {
  return connected_with(layer, "Or", op.val);
}

Names export_function(const LogicalXorScalar& op, LayerExporter& layer) {
  return connected_with(layer, "Xor", op.val);
}

Names export_function(const IsNaN&, LayerExporter& layer) {
  return {as_output(layer, layer.node("IsNaN", {layer.real(0)}))};
}

Names export_function(const IsInf&, LayerExporter& layer) {
  return {as_output(layer, layer.node("IsInf", {layer.real(0)}))};
}

Names export_function(const ResetNaN& op, LayerExporter& layer) {
  return replaced(layer, "IsNaN", op.val);
}

Names export_function(const ResetInf& op, LayerExporter& layer) {
  return replaced(layer, "IsInf", op.val);
}

Names export_function(const Where& op, LayerExporter& layer) {
  Name condition = truth_of(layer, 0);
  if (!op.broadcast) {
    IntList behind;
    for (int64_t i = layer.rank(0); i < layer.rank(1); ++i) behind.push_back(i);
    condition = layer.unsqueeze(condition, behind);
  }
  return {layer.node("Where", {condition, layer.input(1), layer.input(2)})};
}

}  // namespace octet
