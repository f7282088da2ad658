#include "octet/passes/self_fold_batch_norm.h"

#include <ATen/ATen.h>

#include "octet/passes/batch_norm.h"
#include "octet/passes/folded_parameters.h"
#include "octet/passes/layer_traits.h"

namespace octet {
namespace {

// Names of a and b, made at the first network that has this normalization.
const std::pair<std::string, std::string>& coefficients(const Graph& graph, FunctionId id,
                                                        PassContext& ctx) {
  const auto [entry, inserted] =
      ctx.memory->folded.try_emplace("self\n" + batch_norm_key(graph, id));
  if (inserted) {
    const BatchNormInputs inputs = batch_norm_inputs(graph.function(id));
    const VariableId mean = inputs.mean;
    const Shape& shape = graph.variable(mean).type.shape;
    const auto bn = [&] { return scale_shift_of(graph, id, *ctx.parameters); };
    const std::string scope = scope_of(graph.variable(mean).name);
    entry->second = {new_parameter_name(scope + "a-folded", ctx),
                     new_parameter_name(scope + "b-folded", ctx)};
    const auto [scale, shift] = entry->second;
    const VariableId gamma = inputs.gamma != kNoId ? inputs.gamma : inputs.beta;
    const VariableId beta = inputs.beta != kNoId ? inputs.beta : inputs.gamma;
    define_folded_parameter(scale, graph, {gamma}, ctx,
                            [&] { return bn().scale.reshape(shape).to(at::kFloat); });
    define_folded_parameter(shift, graph, {beta}, ctx,
                            [&] { return bn().shift.reshape(shape).to(at::kFloat); });
    define_unit(entry->second.first, ctx,
                [&] { return bn().inverse_deviation.reshape(shape).to(at::kFloat); });
  }
  return entry->second;
}

}  // namespace

Graph self_fold_batch_norm(Graph graph, PassContext& ctx) {
  if (!ctx.config.bn_self_folding) return graph;
  for (const FunctionId id : graph.topological_order(ctx.outputs)) {
    const Function function = graph.function(id);
    if (!std::holds_alternative<BatchNormalization>(function.attributes)) continue;
    if (!has_constant_statistics(graph, id)) continue;
    const auto& [scale, shift] = coefficients(graph, id, ctx);
    const VariableType type{
        DType::kFloat32, graph.variable(batch_norm_inputs(function).mean).type.shape, {}};
    const VariableId a = graph.add_parameter(scale, type);
    const VariableId b = graph.add_parameter(shift, type);
    graph.erase_function(id);
    const FunctionId product = graph.add_function(Mul2{}, {function.inputs[0], a}, function.name);
    graph.add_function_for(Add2{}, {graph.output_of(product), b}, function.outputs);
  }
  return graph;
}

}  // namespace octet
