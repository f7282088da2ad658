// Activation functions.
#include <cmath>
#include <numbers>

#include "octet/formats/onnx/exporters.h"
#include "octet/ops/axes.h"

namespace octet {
namespace {

// min and max may be infinite: no bound.
Name clip(LayerExporter& layer, const Name& x, double min, double max) {
  return layer.node("Clip", {x, std::isinf(min) ? "" : layer.number(min),
                             std::isinf(max) ? "" : layer.number(max)});
}

// x min(max(x + 3, 0), 6) / 6
Name hard_swish(LayerExporter& layer, const Name& x) {
  const Name shifted = layer.node("Add", {x, layer.number(3)});
  const Name gate = clip(layer, shifted, 0, 6);
  return layer.node("Div", {layer.node("Mul", {x, gate}), layer.number(6)});
}

// f(x) and f(-x) side by side.
template <class Function>
Name both_signs(LayerExporter& layer, int64_t axis, Function&& function) {
  const Name x = layer.real(0);
  return layer.node("Concat", {function(x), function(layer.node("Neg", {x}))},
                    {{"axis", normalize_axis(axis, layer.rank(0), "axis")}});
}

// The tanh form: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
Name gelu(LayerExporter& layer, const Name& x) {
  const Name square = layer.node("Mul", {x, x});
  const Name cubic = layer.node("Mul", {layer.node("Mul", {square, x}), layer.number(0.044715)});
  const double factor = std::sqrt(2 * std::numbers::inv_pi);
  const Name inner = layer.node("Mul", {layer.node("Add", {x, cubic}), layer.number(factor)});
  const Name gate = layer.node("Add", {layer.node("Tanh", {inner}), layer.number(1)});
  return layer.node("Mul", {layer.node("Mul", {x, layer.number(0.5)}), gate});
}

}  // namespace

Names export_function(const ReLU6&, LayerExporter& layer) {
  return {clip(layer, layer.real(0), 0, 6)};
}

Names export_function(const LeakyReLU& op, LayerExporter& layer) {
  return {layer.node("LeakyRelu", {layer.real(0)}, {{"alpha", op.alpha}})};
}

Names export_function(const ELU& op, LayerExporter& layer) {
  return {layer.node("Elu", {layer.real(0)}, {{"alpha", static_cast<float>(op.alpha)}})};
}

Names export_function(const SELU& op, LayerExporter& layer) {
  return {layer.node(
      "Selu", {layer.real(0)},
      {{"alpha", static_cast<float>(op.alpha)}, {"gamma", static_cast<float>(op.scale)}})};
}

Names export_function(const CReLU& op, LayerExporter& layer) {
  return {both_signs(layer, op.axis, [&](const Name& x) { return layer.node("Relu", {x}); })};
}

Names export_function(const CELU& op, LayerExporter& layer) {
  return {both_signs(layer, op.axis, [&](const Name& x) {
    return layer.node("Elu", {x}, {{"alpha", static_cast<float>(op.alpha)}});
  })};
}

Names export_function(const GELU&, LayerExporter& layer) {
  const Name x = layer.real(0);
  if (layer.opset() < 20) return {gelu(layer, x)};
  return {layer.node("Gelu", {x}, {{"approximate", std::string("tanh")}})};
}

Names export_function(const Mish&, LayerExporter& layer) {
  const Name x = layer.real(0);
  if (layer.opset() >= 18) return {layer.node("Mish", {x})};
  return {layer.node("Mul", {x, layer.node("Tanh", {layer.node("Softplus", {x})})})};
}

Names export_function(const Sigmoid&, LayerExporter& layer) {
  return {layer.node("Sigmoid", {layer.real(0)})};
}

Names export_function(const Tanh&, LayerExporter& layer) {
  return {layer.node("Tanh", {layer.real(0)})};
}

Names export_function(const Swish&, LayerExporter& layer) {
  const Name x = layer.real(0);
  return {layer.node("Mul", {x, layer.node("Sigmoid", {x})})};
}

Names export_function(const HardSigmoid&, LayerExporter& layer) {
  return {layer.node("HardSigmoid", {layer.real(0)}, {{"alpha", 0.2F}, {"beta", 0.5F}})};
}

Names export_function(const HardSwish&, LayerExporter& layer) {
  const Name x = layer.real(0);
  if (layer.opset() < 14) return {hard_swish(layer, x)};
  return {layer.node("HardSwish", {x})};
}

Names export_function(const HardTanh&, LayerExporter& layer) {
  return {clip(layer, layer.real(0), -1, 1)};
}

// -log(1 + e^-x)
Names export_function(const LogSigmoid&, LayerExporter& layer) {
  const Name opposite = layer.node("Neg", {layer.real(0)});
  return {layer.node("Neg", {layer.node("Softplus", {opposite})})};
}

Names export_function(const SoftPlus& op, LayerExporter& layer) {
  if (op.beta == 1) return {layer.node("Softplus", {layer.real(0)})};
  const Name scaled = layer.node("Mul", {layer.real(0), layer.number(op.beta)});
  return {layer.node("Div", {layer.node("Softplus", {scaled}), layer.number(op.beta)})};
}

Names export_function(const SoftSign&, LayerExporter& layer) {
  return {layer.node("Softsign", {layer.real(0)})};
}

Names export_function(const TanhShrink&, LayerExporter& layer) {
  const Name x = layer.real(0);
  return {layer.node("Sub", {x, layer.node("Tanh", {x})})};
}

Names export_function(const Sinc&, LayerExporter& layer) {
  const Name x = layer.real(0);
  const Name is_zero = layer.node("Equal", {x, layer.number(0)});
  const Name quotient = layer.node("Div", {layer.node("Sin", {x}), x});
  return {layer.node("Where", {is_zero, layer.number(1), quotient})};
}

Names export_function(const Clip& op, LayerExporter& layer) {
  return {clip(layer, layer.real(0), op.min, op.max)};
}

Names export_function(const Softmax& op, LayerExporter& layer) {
  const int64_t axis = normalize_axis(op.axis, layer.rank(0), "axis");
  return {layer.node("Softmax", {layer.real(0)}, {{"axis", axis}})};
}

Names export_function(const LogSoftmax& op, LayerExporter& layer) {
  const int64_t axis = normalize_axis(op.axis, layer.rank(0), "axis");
  return {layer.node("LogSoftmax", {layer.real(0)}, {{"axis", axis}})};
}

}  // namespace octet
