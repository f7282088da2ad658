#include "octet/passes/release_batch_size.h"

#include "octet/base/error.h"
#include "octet/base/logging.h"

namespace octet {
namespace {

// A Reshape that keeps the first dimension lets it free; the others become numbers.
void release_reshape(Graph& graph, FunctionId id) {
  auto* reshape = std::get_if<Reshape>(&graph.mutable_function(id).attributes);
  if (reshape == nullptr || reshape->shape.empty()) return;
  const Shape& from = graph.variable(graph.function(id).inputs[0]).type.shape;
  const Shape& to = graph.variable(graph.function(id).outputs[0]).type.shape;
  if (from.empty() || from.has_free_dim() || to.has_free_dim() || from[0] != to[0]) return;
  reshape->shape = to;
  reshape->shape[0] = kFreeDim;
}

}  // namespace

Graph release_batch_size(Graph graph, PassContext& ctx) {
  Graph released = graph;
  for (const FunctionId id : graph.topological_order(ctx.outputs)) release_reshape(released, id);
  for (const VariableId id : graph.leaves(ctx.outputs)) {
    const Variable& variable = graph.variable(id);
    if (variable.kind != VariableKind::kInput || variable.type.shape.empty()) continue;
    Shape shape = variable.type.shape;
    shape[0] = kFreeDim;
    released.set_input_shape(id, shape);
  }
  try {
    released.infer_all_types();
  } catch (const Error& error) {
    log_warning("network {} keeps its batch size: {}", graph.name(), error.what());
    return graph;
  }
  return released;
}

}  // namespace octet
