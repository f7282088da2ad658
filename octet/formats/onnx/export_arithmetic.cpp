// Functions of one tensor, and arithmetic on several.
#include <ATen/ATen.h>

#include <numbers>

#include "octet/formats/onnx/exporters.h"
#include "octet/ops/axes.h"

namespace octet {
namespace {

Names binary_with_number(LayerExporter& layer, std::string_view type, double val) {
  return {layer.node(type, {layer.real(0), layer.number(val)})};
}

Names number_first(LayerExporter& layer, std::string_view type, double val) {
  return {layer.node(type, {layer.number(val), layer.real(0)})};
}

}  // namespace

// One node of the same name that takes real numbers.
#define OCTET_EXPORT_REAL(Type, node_type)                   \
  Names export_function(const Type&, LayerExporter& layer) { \
    return {layer.node(node_type, {layer.real(0)})};         \
  }
OCTET_EXPORT_REAL(Exp, "Exp")
OCTET_EXPORT_REAL(Log, "Log")
OCTET_EXPORT_REAL(Sqrt, "Sqrt")
OCTET_EXPORT_REAL(Reciprocal, "Reciprocal")
OCTET_EXPORT_REAL(Erf, "Erf")
OCTET_EXPORT_REAL(Sin, "Sin")
OCTET_EXPORT_REAL(Cos, "Cos")
OCTET_EXPORT_REAL(Tan, "Tan")
OCTET_EXPORT_REAL(Sinh, "Sinh")
OCTET_EXPORT_REAL(Cosh, "Cosh")
OCTET_EXPORT_REAL(ASin, "Asin")
OCTET_EXPORT_REAL(ACos, "Acos")
OCTET_EXPORT_REAL(ATan, "Atan")
OCTET_EXPORT_REAL(ASinh, "Asinh")
OCTET_EXPORT_REAL(ACosh, "Acosh")
OCTET_EXPORT_REAL(ATanh, "Atanh")
OCTET_EXPORT_REAL(Ceil, "Ceil")
OCTET_EXPORT_REAL(Floor, "Floor")
#undef OCTET_EXPORT_REAL

Names export_function(const Sign& op, LayerExporter& layer) {
  const Name x = layer.real(0);
  const Name sign = layer.node("Sign", {x});
  if (op.alpha == 0) return {sign};
  const Name is_zero = layer.node("Equal", {x, layer.number(0)});
  return {layer.node("Where", {is_zero, layer.number(op.alpha), sign})};
}

// ONNX rounds halves to even. Halves away from zero: |x| down, and one more where what was cut off
// is at least a half; both differences are exact.
Names export_function(const Round& op, LayerExporter& layer) {
  const Name x = layer.real(0);
  if (op.round_mode == "HALF_TO_EVEN") return {layer.node("Round", {x})};
  const Name magnitude = layer.node("Abs", {x});
  const Name down = layer.node("Floor", {magnitude});
  const Name cut_off = layer.node("Sub", {magnitude, down});
  const Name up = layer.node("GreaterOrEqual", {cut_off, layer.number(0.5)});
  const Name one = layer.node("Where", {up, layer.number(1), layer.number(0)});
  const Name rounded = layer.node("Add", {down, one});
  return {layer.node("Mul", {rounded, layer.node("Sign", {x})})};
}

Names export_function(const Div2& op, LayerExporter& layer) {
  // ONNX's quotient of integers is an integer, rounded toward zero.
  if (op.truncate) return {layer.node("Div", layer.inputs())};
  return {layer.node("Div", {layer.real(0), layer.real(1)})};
}

Names export_function(const Power2&, LayerExporter& layer) {
  return {layer.node("Pow", {layer.real(0), layer.real(1)})};
}

// atan(x0 / x1), half a turn further where x1 is negative; 0 at the origin.
Names export_function(const ATan2&, LayerExporter& layer) {
  const Name y = layer.real(0);
  const Name x = layer.real(1);
  const Name zero = layer.number(0);
  const Name angle = layer.node("Atan", {layer.node("Div", {y, x})});
  const Name half_turn =
      layer.node("Where", {layer.node("Less", {y, zero}), layer.number(-std::numbers::pi),
                           layer.number(std::numbers::pi)});
  const Name left = layer.node("Less", {x, zero});
  const Name turned = layer.node("Where", {left, layer.node("Add", {angle, half_turn}), angle});
  const Name origin =
      layer.node("And", {layer.node("Equal", {y, zero}), layer.node("Equal", {x, zero})});
  return {layer.node("Where", {origin, zero, turned})};
}

Names export_function(const Mod2& op, LayerExporter& layer) {
  const bool fmod = op.fmod || is_floating(layer.type(0).dtype);
  return {layer.node("Mod", layer.inputs(), {{"fmod", int64_t{fmod ? 1 : 0}}})};
}

Names export_function(const AddN&, LayerExporter& layer) {
  Name sum = layer.input(0);
  for (size_t i = 1; i < layer.num_inputs(); ++i) {
    sum = layer.node("Add", {sum, layer.input(i)});
  }
  return {sum};
}

Names export_function(const MulN&, LayerExporter& layer) {
  Name product = layer.input(0);
  for (size_t i = 1; i < layer.num_inputs(); ++i) {
    product = layer.node("Mul", {product, layer.input(i)});
  }
  return {product};
}

Names export_function(const AddScalar& op, LayerExporter& layer) {
  return binary_with_number(layer, "Add", op.val);
}

Names export_function(const MulScalar& op, LayerExporter& layer) {
  return binary_with_number(layer, "Mul", op.val);
}

Names export_function(const PowScalar& op, LayerExporter& layer) {
  return binary_with_number(layer, "Pow", op.val);
}

Names export_function(const RSubScalar& op, LayerExporter& layer) {
  return number_first(layer, "Sub", op.val);
}

Names export_function(const RDivScalar& op, LayerExporter& layer) {
  return number_first(layer, "Div", op.val);
}

Names export_function(const RPowScalar& op, LayerExporter& layer) {
  return number_first(layer, "Pow", op.val);
}

Names export_function(const MinimumScalar& op, LayerExporter& layer) {
  return binary_with_number(layer, "Min", op.val);
}

Names export_function(const MaximumScalar& op, LayerExporter& layer) {
  return binary_with_number(layer, "Max", op.val);
}

Names export_function(const ClipGradByValue&, LayerExporter& layer) {
  return {layer.node("Identity", {layer.input(0)})};
}

}  // namespace octet
