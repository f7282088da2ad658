#include "octet/targets/quantized_value.h"

#include <ATen/ATen.h>

#include "octet/quant/scale.h"

namespace octet {
namespace {

bool holds_integers(DType dtype) {
  return dtype == DType::kInt8 || dtype == DType::kUInt8 || dtype == DType::kInt16 ||
         dtype == DType::kInt32;
}

// The dimension of the value that the scales run along; both shapes end at the same dimension.
int64_t axis_of(const Shape& scale, int64_t rank) {
  int64_t axis = -1;
  for (int64_t i = 0; i < scale.rank(); ++i) {
    if (scale[i] == 1) continue;
    if (axis != -1) return QuantizedValue::kManyAxes;
    axis = rank - scale.rank() + i;
  }
  return axis;
}

}  // namespace

std::optional<QuantizedValue> quantized_value(const Graph& graph, VariableId value) {
  const FunctionId producer = graph.variable(value).producer;
  if (producer == kNoId) return std::nullopt;
  const Function& dequantize = graph.function(producer);
  if (!std::holds_alternative<DequantizeLinear>(dequantize.attributes)) return std::nullopt;

  const Variable& integers = graph.variable(dequantize.inputs[0]);
  QuantizedValue result;
  result.source = dequantize.inputs[0];
  result.dequantize = producer;
  result.scale = dequantize.inputs[1];
  result.zero_point = dequantize.inputs[2];
  result.axis =
      axis_of(graph.variable(result.scale).type.shape, graph.variable(value).type.shape.rank());
  const auto* quantize =
      integers.producer == kNoId
          ? nullptr
          : std::get_if<QuantizeLinear>(&graph.function(integers.producer).attributes);
  if (quantize != nullptr) {
    result.source = graph.function(integers.producer).inputs[0];
    result.quantize = integers.producer;
    result.format = format_of(*quantize);
    result.round_mode = parse_round_mode(quantize->round_mode);
    return result;
  }
  if (!holds_integers(integers.type.dtype)) return std::nullopt;
  result.format = full_format(integers.type.dtype);
  return result;
}

at::Tensor constant_value(const Graph& graph, const ParameterStore& parameters, VariableId value) {
  const Variable& variable = graph.variable(value);
  if (variable.kind != VariableKind::kParameter) return {};
  const Parameter* parameter = parameters.find(variable.name);
  return parameter == nullptr ? at::Tensor() : parameter->value.detach();
}

bool fits_accumulator(const at::Tensor& b, const at::Tensor& x, const at::Tensor& w,
                      int64_t repeats) {
  if (!x.defined() || !w.defined() || !b.defined() || x.numel() != 1) return true;
  const at::Tensor wanted = bias_scale(x.flatten(), w.flatten(), repeats);
  // Products of two float32 that were rounded once: they agree to the last bit or two.
  return b.numel() == wanted.numel() && at::allclose(b.flatten(), wanted, 1e-6, 0);
}

bool carries_quantization(const Attributes& attributes) {
  return std::holds_alternative<QuantizeLinear>(attributes) ||
         std::holds_alternative<DequantizeLinear>(attributes) ||
         std::holds_alternative<LearnedScale>(attributes) ||
         std::holds_alternative<Recorder>(attributes);
}

}  // namespace octet
