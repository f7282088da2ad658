#include "octet/formats/onnx/parameter_layout.h"

#include <ATen/ATen.h>

#include "octet/passes/integer_functions.h"

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

// Layers on integers have the qparams of x in front of the weight.
size_t weight_index(const Attributes& attributes) {
  return is_integer_function(attributes) ? size_t{layer_input::kW} : 1;
}

template <class... Layers>
bool is_one_of(const Attributes& attributes) {
  return (std::holds_alternative<Layers>(attributes) || ...);
}

template <class Layer>
bool has_channels_last(const Attributes& attributes) {
  const auto* layer = std::get_if<Layer>(&attributes);
  return layer != nullptr && layer->channel_last;
}

ParameterLayout weight_layout(const Attributes& attributes) {
  if (is_one_of<DepthwiseConvolution, DepthwiseDeconvolution, QuantizedDepthwiseConvolution,
                QuantizedDepthwiseDeconvolution>(attributes)) {
    return ParameterLayout::kDepthwise;
  }
  const bool last = has_channels_last<Convolution>(attributes) ||
                    has_channels_last<Deconvolution>(attributes) ||
                    has_channels_last<QuantizedConvolution>(attributes) ||
                    has_channels_last<QuantizedDeconvolution>(attributes);
  return last ? ParameterLayout::kChannelFirst : ParameterLayout::kPlain;
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
  return index == weight_index(attributes) ? weight_layout(attributes) : ParameterLayout::kPlain;
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
