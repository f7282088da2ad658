#include "octet/passes/unfuse_batch_norm.h"

namespace octet {

Graph unfuse_batch_norm(Graph graph, PassContext& ctx) {
  if (!ctx.config.bn_folding && !ctx.config.bn_self_folding) return graph;
  for (const FunctionId id : graph.topological_order(ctx.outputs)) {
    const Function function = graph.function(id);
    const auto* fused = std::get_if<FusedBatchNormalization>(&function.attributes);
    if (fused == nullptr) continue;
    graph.erase_function(id);
    BatchNormalization plain;
    plain.axes = fused->axes;
    plain.decay_rate = fused->decay_rate;
    plain.eps = fused->eps;
    plain.batch_stat = fused->batch_stat;
    const std::vector<VariableId> inputs(function.inputs.begin(), function.inputs.begin() + 5);
    VariableId value = graph.output_of(graph.add_function(plain, inputs, function.name));
    if (function.inputs.size() > 5) {
      value = graph.output_of(graph.add_function(Add2{}, {value, function.inputs[5]}));
    }
    graph.add_function_for(ReLU{}, {value}, function.outputs);
  }
  return graph;
}

}  // namespace octet
