// with_free_batch: see network_writer.h.
#include "octet/base/error.h"
#include "octet/base/logging.h"
#include "octet/formats/nnp/network_writer.h"

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

// Reshape and Broadcast state the shape of their output, batch and all. Those over constants and
// parameters are not concerned.
void free_stated_shapes(Graph& graph, int64_t batch) {
  std::vector<bool> from_input(static_cast<size_t>(graph.num_variable_slots()), false);
  for (VariableId id = 0; id < graph.num_variable_slots(); ++id) {
    from_input[static_cast<size_t>(id)] = graph.variable(id).kind == VariableKind::kInput;
  }
  for (const FunctionId id : graph.topological_order(graph.outputs())) {
    Function& function = graph.mutable_function(id);
    bool concerned = false;
    for (const VariableId input : function.inputs) {
      concerned = concerned || from_input[static_cast<size_t>(input)];
    }
    for (const VariableId output : function.outputs) {
      from_input[static_cast<size_t>(output)] = concerned;
    }
    const std::string_view type = type_name(function.attributes);
    if (!concerned || (type != "Reshape" && type != "Broadcast")) continue;
    if (!starts_with_batch(graph, function.inputs[0], batch)) continue;
    visit_fields(function.attributes, [&](std::string_view name, auto& value) {
      if constexpr (std::is_same_v<std::decay_t<decltype(value)>, Shape>) {
        if (name == "shape" && !value.empty() && value[0] == batch && !value.has_free_dim()) {
          value[0] = kFreeDim;
        }
      }
    });
  }
}

}  // namespace

Graph with_free_batch(const Graph& graph) {
  const Graph original = compact(graph);
  const std::vector<VariableId> leaves = original.leaves(original.outputs());
  const int64_t batch = batch_of(original, leaves);
  if (batch == kFreeDim) return original;
  Graph copy = original;
  free_stated_shapes(copy, batch);
  for (const VariableId id : leaves) {
    const Variable& variable = copy.variable(id);
    if (variable.kind != VariableKind::kInput || !starts_with_batch(copy, id, batch)) continue;
    Shape shape = variable.type.shape;
    shape[0] = kFreeDim;
    copy.set_input_shape(id, shape);
  }
  try {
    copy.infer_all_types();
  } catch (const Error& error) {
    log_warning("the file keeps the batch size {}, because a function depends on it: {}", batch,
                error.what());
    return original;
  }
  // Types are inferred without the quantization that passes noted on the values.
  for (VariableId id = 0; id < copy.num_variable_slots(); ++id) {
    copy.mutable_variable(id).type.qparams = original.variable(id).type.qparams;
  }
  return copy;
}

}  // namespace octet
