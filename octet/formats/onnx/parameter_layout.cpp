#include "octet/formats/onnx/parameter_layout.h"

#include <ATen/ATen.h>

namespace octet {
namespace {

bool is_quantizer(const Attributes& attributes) {
  return std::holds_alternative<QuantizeLinear>(attributes) ||
         std::holds_alternative<DequantizeLinear>(attributes);
}

ParameterLayout batch_norm_layout(const IntList& axes, const Shape& x, size_t index) {
  const bool usual = axes == IntList{1} && x.rank() >= 2 && x[1] != kFreeDim;
  return usual && index >= 1 && index <= 4 ? ParameterLayout::kFlat : ParameterLayout::kPlain;
}

// What is wanted of a variable so far.
struct Wish {
  bool seen = false;
  ParameterLayout layout = ParameterLayout::kPlain;

  void add(ParameterLayout wanted) {
    layout = seen && layout != wanted ? ParameterLayout::kPlain : wanted;
    seen = true;
  }
};

}  // namespace

ParameterLayout wanted_layout(const Graph& graph, const Function& function, size_t index) {
  const Attributes& attributes = function.attributes;
  const Shape& x = graph.variable(function.inputs[0]).type.shape;
  if (const auto* norm = std::get_if<BatchNormalization>(&attributes)) {
    return batch_norm_layout(norm->axes, x, index);
  }
  if (const auto* norm = std::get_if<FusedBatchNormalization>(&attributes)) {
    return batch_norm_layout(norm->axes, x, index);
  }
  if (index != 1) return ParameterLayout::kPlain;
  if (std::holds_alternative<DepthwiseConvolution>(attributes) ||
      std::holds_alternative<DepthwiseDeconvolution>(attributes)) {
    return ParameterLayout::kDepthwise;
  }
  const auto* conv = std::get_if<Convolution>(&attributes);
  const auto* deconv = std::get_if<Deconvolution>(&attributes);
  const bool last =
      (conv != nullptr && conv->channel_last) || (deconv != nullptr && deconv->channel_last);
  return last ? ParameterLayout::kChannelFirst : ParameterLayout::kPlain;
}

std::vector<ParameterLayout> parameter_layouts(const Graph& graph) {
  const auto slots = static_cast<size_t>(graph.num_variable_slots());
  std::vector<Wish> wishes(slots);
  for (const VariableId output : graph.outputs()) wishes[output].add(ParameterLayout::kPlain);
  const std::vector<FunctionId> order = graph.topological_order(graph.outputs());
  for (auto id = order.rbegin(); id != order.rend(); ++id) {
    const Function& function = graph.function(*id);
    for (size_t i = 0; i < function.inputs.size(); ++i) {
      const bool passes = i == 0 && is_quantizer(function.attributes);
      wishes[function.inputs[i]].add(passes ? wishes[function.outputs[0]].layout
                                            : wanted_layout(graph, function, i));
    }
  }
  std::vector<ParameterLayout> layouts(slots, ParameterLayout::kPlain);
  for (const VariableId id : graph.leaves(graph.outputs())) {
    if (graph.variable(id).kind == VariableKind::kParameter) layouts[id] = wishes[id].layout;
  }
  for (const FunctionId id : order) {
    const Function& function = graph.function(id);
    if (!is_quantizer(function.attributes)) continue;
    layouts[function.outputs[0]] = layouts[function.inputs[0]];
  }
  return layouts;
}

at::Tensor laid_out(const at::Tensor& value, ParameterLayout layout) {
  switch (layout) {
    case ParameterLayout::kDepthwise:
      return value.unsqueeze(1);
    case ParameterLayout::kChannelFirst:
      return value.movedim(-1, 1).contiguous();
    case ParameterLayout::kFlat:
      return value.flatten();
    default:
      return value;
  }
}

int64_t laid_out_axis(int64_t axis, int64_t rank, ParameterLayout layout) {
  switch (layout) {
    case ParameterLayout::kDepthwise:
      return axis == 0 ? 0 : axis + 1;
    case ParameterLayout::kChannelFirst:
      return axis == 0 ? 0 : axis == rank - 1 ? 1 : axis + 1;
    case ParameterLayout::kFlat:
      return 0;
    default:
      return axis;
  }
}

}  // namespace octet
