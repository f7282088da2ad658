#include "octet/passes/fold_batch_norm.h"

#include <ATen/ATen.h>

#include "octet/passes/batch_norm.h"
#include "octet/passes/folded_parameters.h"
#include "octet/passes/layer_traits.h"
#include "octet/passes/recorded_layers.h"

namespace octet {
namespace {

// One number per output channel, in a shape that broadcasts against the weight.
at::Tensor along_outputs(const Attributes& attributes, const WeightedLayer& layer,
                         const at::Tensor& weight, const at::Tensor& per_channel) {
  at::Tensor values = per_channel;
  if (const auto* deconv = std::get_if<DepthwiseDeconvolution>(&attributes)) {
    // Input channel i contributes to output channel i / divisor; the weight has one row per input.
    values = values.repeat_interleave(deconv->divisor);
  }
  if (const auto* deconv = std::get_if<Deconvolution>(&attributes); deconv && deconv->group > 1) {
    // weight (I, O / group, ...): rows of input channels of one group share its output channels.
    const int64_t rows = weight.size(0) / deconv->group;
    const int64_t columns = per_channel.numel() / deconv->group;
    values = values.view({deconv->group, 1, columns}).expand({-1, rows, -1}).reshape({-1, columns});
    std::vector<int64_t> shape(weight.dim(), 1);
    shape[0] = weight.size(0);
    shape[layer.output_axis] = columns;
    return values.reshape(shape);
  }
  std::vector<int64_t> shape(weight.dim(), 1);
  shape[layer.output_axis] = values.numel();
  return values.reshape(shape);
}

// What the bound of the configuration leaves of each output channel's weight, 0 .. 1. `weight` is
// the folded one.
at::Tensor within_limit(const at::Tensor& weight, int64_t output_axis, double limit) {
  std::vector<int64_t> others;
  for (int64_t axis = 0; axis < weight.dim(); ++axis) {
    if (axis != output_axis) others.push_back(axis);
  }
  const at::Tensor largest = others.empty() ? weight.abs() : weight.abs().amax(others);
  const at::Tensor varying = largest.masked_select(largest > 0);
  if (varying.numel() == 0) return at::ones_like(largest);
  return (varying.median() * limit / largest).clamp_max(1);
}

// The layer that can take the normalization in; kNoId if there is none.
FunctionId foldable_producer(const Graph& graph, FunctionId batch_norm, const Uses& uses,
                             const Uses& uses_inside, const std::set<VariableId>& held) {
  if (!has_constant_statistics(graph, batch_norm)) return kNoId;
  const VariableId x = graph.function(batch_norm).inputs[0];
  const FunctionId producer = graph.variable(x).producer;
  if (producer == kNoId || uses_inside.of(x).size() != 1 || held.contains(x)) return kNoId;
  const std::optional<WeightedLayer> layer = weighted_layer(graph, producer);
  if (!layer || batch_norm_axis(graph, batch_norm) != layer->channel_axis) return kNoId;
  const Function& function = graph.function(producer);
  for (size_t i = 1; i < function.inputs.size(); ++i) {
    if (!is_parameter(graph, function.inputs[i])) return kNoId;
  }
  const bool is_affine = std::holds_alternative<Affine>(function.attributes);
  if (is_affine && graph.variable(function.inputs[1]).type.shape.rank() != 2) return kNoId;
  if (uses.of(x).size() != 1) {
    warn_of_reader_outside(graph, batch_norm, x);
    return kNoId;
  }
  return producer;
}

}  // namespace

Graph fold_batch_norm(Graph graph, PassContext& ctx) {
  if (!ctx.config.bn_folding) return graph;
  const Uses uses(graph);
  const Uses uses_inside(graph, graph.topological_order(ctx.outputs));
  std::set<VariableId> held(ctx.outputs.begin(), ctx.outputs.end());
  held.insert(graph.outputs().begin(), graph.outputs().end());
  const std::map<FunctionId, std::string> stay_float =
      skipped_layers(graph, ranked_functions(graph, ctx.outputs), ctx.config);
  for (const FunctionId id : graph.topological_order(ctx.outputs)) {
    if (!std::holds_alternative<BatchNormalization>(graph.function(id).attributes)) continue;
    const FunctionId producer = foldable_producer(graph, id, uses, uses_inside, held);
    if (producer == kNoId) continue;
    const Function layer = graph.function(producer);
    const WeightedLayer traits = *weighted_layer(graph, producer);
    // A layer that stays float has room for weights of any size.
    const bool has_limit = ctx.config.bn_folding_limit > 0 && !ctx.config.channel_wise &&
                           !stay_float.contains(producer);
    const FoldedNames names =
        folded_parameters(graph, producer, id, ctx, [&](const LayerValues& v) {
          ScaleShift bn = scale_shift_of(graph, id, *ctx.parameters);
          at::Tensor weight_scale = along_outputs(layer.attributes, traits, v.weight, bn.scale);
          if (has_limit && v.weight.size(traits.output_axis) == bn.scale.numel()) {
            shrink(bn, within_limit(v.weight * weight_scale, traits.output_axis,
                                    ctx.config.bn_folding_limit));
            weight_scale = along_outputs(layer.attributes, traits, v.weight, bn.scale);
          }
          return Fold{weight_scale, v.bias.defined() ? bn.scale * v.bias + bn.shift : bn.shift};
        });
    const std::vector<VariableId> outputs = graph.function(id).outputs;
    graph.erase_function(id);
    graph.erase_function(producer);
    graph.add_function_for(layer.attributes, {layer.inputs[0], names.weight, names.bias}, outputs,
                           layer.name);
  }
  return graph;
}

}  // namespace octet
