#include "octet/passes/bypass_functions.h"

#include <algorithm>

namespace octet {

Graph bypass_functions(Graph graph, const PassContext& ctx,
                       bool (*is_one)(const Attributes& attributes)) {
  const std::vector<FunctionId> order = graph.topological_order(ctx.outputs);
  const Uses uses(graph, order);
  // Producers first, so that one on top of another ends at the value below both.
  for (const FunctionId id : order) {
    const Function& function = graph.function(id);
    if (!is_one(function.attributes)) continue;
    const VariableId value = function.inputs[0];
    const VariableId result = function.outputs[0];
    const std::string name = function.name;
    for (const Use& use : uses.of(result)) graph.set_input(use.function, use.input_index, value);
    graph.erase_function(id);
    if (std::ranges::find(ctx.outputs, result) == ctx.outputs.end()) continue;
    graph.add_function_for(Identity{}, {value}, {result}, name);
  }
  return graph;
}

}  // namespace octet
