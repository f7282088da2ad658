#include "octet/graph/free_batch.h"

#include "octet/base/error.h"
#include "octet/base/logging.h"

namespace octet {
namespace {

// The first dimension of the first input that has one; kFreeDim if it is free already.
int64_t batch_of(const Graph& graph, const std::vector<VariableId>& leaves) {
  for (const VariableId id : leaves) {
    const Variable& variable = graph.variable(id);
    if (variable.kind == VariableKind::kInput && variable.type.shape.rank() > 0) {
      return variable.type.shape[0];
    }
  }
  return kFreeDim;
}

bool starts_with_batch(const Graph& graph, VariableId id, int64_t batch) {
  const Shape& shape = graph.variable(id).type.shape;
  return shape.rank() > 0 && shape[0] == batch;
}

// The shape that the operation states for its output; null if it states none.
Shape* stated_shape(Attributes& attributes) {
  if (auto* reshape = std::get_if<Reshape>(&attributes)) return &reshape->shape;
  if (auto* broadcast = std::get_if<Broadcast>(&attributes)) return &broadcast->shape;
  return nullptr;
}

// Frees the batch where a shape states it as a number. The dimensions behind it become numbers, so
// that a -1 among them does not compete. Shapes over constants and parameters are not concerned.
void free_stated_shapes(Graph& graph, int64_t batch) {
  std::vector<bool> from_input(static_cast<size_t>(graph.num_variable_slots()), false);
  for (VariableId id = 0; id < graph.num_variable_slots(); ++id) {
    from_input[id] = graph.variable(id).kind == VariableKind::kInput;
  }
  for (const FunctionId id : graph.topological_order()) {
    Function& function = graph.mutable_function(id);
    bool concerned = false;
    for (const VariableId input : function.inputs) concerned = concerned || from_input[input];
    for (const VariableId output : function.outputs) from_input[output] = concerned;
    Shape* shape = stated_shape(function.attributes);
    if (!concerned || shape == nullptr || shape->empty() || (*shape)[0] != batch) continue;
    if (!starts_with_batch(graph, function.inputs[0], batch)) continue;
    *shape = graph.variable(function.outputs[0]).type.shape;
    (*shape)[0] = kFreeDim;
  }
}

}  // namespace

Graph with_free_batch(const Graph& graph) {
  const std::vector<VariableId> leaves = graph.leaves(graph.outputs());
  const int64_t batch = batch_of(graph, leaves);
  if (batch == kFreeDim) return graph;
  Graph freed = graph;
  free_stated_shapes(freed, batch);
  for (VariableId id = 0; id < freed.num_variable_slots(); ++id) {
    const Variable& variable = freed.variable(id);
    if (variable.kind != VariableKind::kInput || !starts_with_batch(freed, id, batch)) continue;
    Shape shape = variable.type.shape;
    shape[0] = kFreeDim;
    freed.set_input_shape(id, shape);
  }
  try {
    freed.infer_all_types();
  } catch (const Error& error) {
    log_warning("network {} keeps the batch size {}, because a function depends on it: {}",
                graph.name(), batch, error.what());
    return graph;
  }
  return freed;
}

}  // namespace octet
