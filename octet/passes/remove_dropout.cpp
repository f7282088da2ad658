#include "octet/passes/remove_dropout.h"

#include <algorithm>

namespace octet {

Graph remove_dropout(Graph graph, PassContext& ctx) {
  const std::vector<FunctionId> order = graph.topological_order(ctx.outputs);
  const Uses uses(graph, order);
  // Producers first, so that a Dropout on a Dropout ends at the value below both.
  for (const FunctionId id : order) {
    const Function& function = graph.function(id);
    if (!std::holds_alternative<Dropout>(function.attributes)) continue;
    const VariableId value = function.inputs[0];
    const VariableId dropped = function.outputs[0];
    const std::string name = function.name;
    for (const Use& use : uses.of(dropped)) graph.set_input(use.function, use.input_index, value);
    graph.erase_function(id);
    if (std::ranges::find(ctx.outputs, dropped) == ctx.outputs.end()) continue;
    graph.add_function_for(Identity{}, {value}, {dropped}, name);
  }
  return graph;
}

Graph without_dropout(Graph graph) {
  PassContext ctx;
  ctx.outputs = graph.outputs();
  return remove_dropout(std::move(graph), ctx);
}

}  // namespace octet
