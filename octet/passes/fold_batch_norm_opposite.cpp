#include "octet/passes/fold_batch_norm_opposite.h"

#include <ATen/ATen.h>

#include "octet/passes/batch_norm.h"
#include "octet/passes/folded_parameters.h"
#include "octet/passes/layer_traits.h"

namespace octet {
namespace {

bool has_padding(const Shape& pad) {
  return std::any_of(pad.begin(), pad.end(), [](int64_t p) { return p != 0; });
}

// One number per input channel, in a shape that broadcasts against the weight. For a Convolution,
// DepthwiseConvolution or Affine.
at::Tensor along_inputs(const Graph& graph, FunctionId layer, const at::Tensor& weight,
                        const at::Tensor& per_channel) {
  const Attributes& attributes = graph.function(layer).attributes;
  if (const auto* conv = std::get_if<Convolution>(&attributes)) {
    // weight (O, I / group, ...): the rows of one group read that group's input channels.
    const int64_t rows = weight.size(0) / conv->group;
    const int64_t columns = per_channel.numel() / conv->group;
    const at::Tensor expanded = per_channel.view({conv->group, 1, columns})
                                    .expand({-1, rows, -1})
                                    .reshape({weight.size(0), columns});
    std::vector<int64_t> shape(weight.dim(), 1);
    shape[0] = weight.size(0);
    shape[conv->channel_last ? weight.dim() - 1 : 1] = columns;
    return expanded.reshape(shape);
  }
  if (const auto* depthwise = std::get_if<DepthwiseConvolution>(&attributes)) {
    std::vector<int64_t> shape(weight.dim(), 1);
    shape[0] = weight.size(0);
    return per_channel.repeat_interleave(depthwise->multiplier).reshape(shape);
  }
  const auto& affine = std::get<Affine>(attributes);
  // weight (prod of the dimensions from base_axis on, O): spread over the flattened input.
  const Shape& x = graph.variable(graph.function(layer).inputs[0]).type.shape;
  const std::vector<int64_t> flattened(x.begin() + affine.base_axis, x.end());
  std::vector<int64_t> channels(flattened.size(), 1);
  channels[0] = per_channel.numel();
  std::vector<int64_t> shape(weight.dim(), 1);
  shape[0] = weight.size(0);
  return per_channel.reshape(channels).expand(flattened).reshape(shape);
}

// Whether the layer reads the normalized channels where its own input channels are.
bool reads_channels(const Graph& graph, FunctionId layer, int64_t batch_norm_axis) {
  const Function& function = graph.function(layer);
  const Attributes& attributes = function.attributes;
  const int64_t rank = graph.variable(function.inputs[0]).type.shape.rank();
  if (const auto* conv = std::get_if<Convolution>(&attributes)) {
    return batch_norm_axis == (conv->channel_last ? rank - 1 : conv->base_axis);
  }
  if (const auto* depthwise = std::get_if<DepthwiseConvolution>(&attributes)) {
    return batch_norm_axis == depthwise->base_axis;
  }
  if (const auto* affine = std::get_if<Affine>(&attributes)) {
    return batch_norm_axis == affine->base_axis;
  }
  return false;
}

// The axes of the weight that one output sums over.
std::vector<int64_t> summed_axes(const Attributes& attributes, const WeightedLayer& layer,
                                 int64_t rank) {
  // weight (inputs, outputs...): there may be several dimensions of outputs.
  if (std::holds_alternative<Affine>(attributes)) return {0};
  std::vector<int64_t> axes;
  for (int64_t axis = 0; axis < rank; ++axis) {
    if (axis != layer.output_axis) axes.push_back(axis);
  }
  return axes;
}

bool pads(const Attributes& attributes) {
  if (const auto* conv = std::get_if<Convolution>(&attributes)) return has_padding(conv->pad);
  if (const auto* conv = std::get_if<DepthwiseConvolution>(&attributes))
    return has_padding(conv->pad);
  return false;
}

FunctionId foldable_consumer(const Graph& graph, FunctionId batch_norm, const Uses& uses,
                             const Uses& uses_inside, const std::set<VariableId>& held,
                             const PassContext& ctx) {
  const VariableId y = graph.output_of(batch_norm);
  if (!has_constant_statistics(graph, batch_norm)) return kNoId;
  const std::vector<Use>& readers = uses_inside.of(y);
  if (readers.size() != 1 || readers[0].input_index != 0 || held.contains(y)) return kNoId;
  const FunctionId consumer = readers[0].function;
  const Function& function = graph.function(consumer);
  if (function.inputs.size() < 2 ||
      !reads_channels(graph, consumer, batch_norm_axis(graph, batch_norm))) {
    return kNoId;
  }
  for (size_t i = 1; i < function.inputs.size(); ++i) {
    if (!is_parameter(graph, function.inputs[i])) return kNoId;
  }
  const bool moves_zero =
      scale_shift_of(graph, batch_norm, *ctx.parameters).shift.ne(0).any().item<bool>();
  if (pads(function.attributes) && moves_zero) return kNoId;
  if (uses.of(y).size() != 1) {
    warn_of_reader_outside(graph, batch_norm, y);
    return kNoId;
  }
  return consumer;
}

}  // namespace

Graph fold_batch_norm_opposite(Graph graph, PassContext& ctx) {
  if (!ctx.config.bn_folding) return graph;
  const Uses uses(graph);
  const Uses uses_inside(graph, graph.topological_order(ctx.outputs));
  std::set<VariableId> held(ctx.outputs.begin(), ctx.outputs.end());
  held.insert(graph.outputs().begin(), graph.outputs().end());
  for (const FunctionId id : graph.topological_order(ctx.outputs)) {
    if (!std::holds_alternative<BatchNormalization>(graph.function(id).attributes)) continue;
    const FunctionId consumer = foldable_consumer(graph, id, uses, uses_inside, held, ctx);
    if (consumer == kNoId) continue;
    const Function layer = graph.function(consumer);
    const WeightedLayer traits = *weighted_layer(graph, consumer);
    const FoldedNames names =
        folded_parameters(graph, consumer, id, ctx, [&](const LayerValues& v) {
          const ScaleShift bn = scale_shift_of(graph, id, *ctx.parameters);
          const at::Tensor bias = (v.weight * along_inputs(graph, consumer, v.weight, bn.shift))
                                      .sum(summed_axes(layer.attributes, traits, v.weight.dim()));
          return Fold{along_inputs(graph, consumer, v.weight, bn.scale),
                      v.bias.defined() ? bias + v.bias : bias};
        });
    const VariableId x = graph.function(id).inputs[0];
    graph.erase_function(consumer);
    graph.erase_function(id);
    graph.add_function_for(layer.attributes, {x, names.weight, names.bias}, layer.outputs,
                           layer.name);
  }
  return graph;
}

}  // namespace octet
