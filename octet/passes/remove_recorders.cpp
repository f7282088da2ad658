#include "octet/passes/remove_recorders.h"

namespace octet {

Graph remove_recorders(Graph graph, PassContext& ctx) {
  const std::vector<FunctionId> order = graph.topological_order(ctx.outputs);
  const Uses uses(graph, order);
  // Producers first, so that a recorder on a recorder ends at the value below both.
  for (const FunctionId id : order) {
    const Function& function = graph.function(id);
    if (!std::holds_alternative<Recorder>(function.attributes)) continue;
    const VariableId value = function.inputs[0];
    const VariableId recorded = function.outputs[0];
    for (const Use& use : uses.of(recorded)) graph.set_input(use.function, use.input_index, value);
    graph.erase_function(id);
  }
  return graph;
}

}  // namespace octet
