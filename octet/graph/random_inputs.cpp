#include "octet/graph/random_inputs.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "octet/base/random.h"
#include "octet/ops/axes.h"
#include "octet/ops/index_inputs.h"
#include "octet/ops/scalar_types.h"

namespace octet {
namespace {

constexpr int64_t kBatch = 2;
constexpr int64_t kExtent = 32;

// Integers that a function makes of floats, an ArgMax say, are right whatever the floats are; those
// of a Cast are the floats themselves.
bool makes_positions(const Graph& graph, const Function& function, VariableId input,
                     VariableId output) {
  return is_floating(graph.variable(input).type.dtype) &&
         !is_floating(graph.variable(output).type.dtype) &&
         !std::holds_alternative<Cast>(function.attributes);
}

// By variable: whether what some function reads as indices follows from it.
std::vector<bool> values_behind_indices(const Graph& graph) {
  std::vector<bool> marked(static_cast<size_t>(graph.num_variable_slots()), false);
  const std::vector<FunctionId> order = graph.topological_order(graph.outputs());
  for (auto id = order.rbegin(); id != order.rend(); ++id) {
    const Function& function = graph.function(*id);
    for (size_t i = 0; i < function.inputs.size(); ++i) {
      const VariableId input = function.inputs[i];
      const bool passed_on = std::ranges::any_of(function.outputs, [&](VariableId output) {
        return marked[static_cast<size_t>(output)] &&
               !makes_positions(graph, function, input, output);
      });
      if (passed_on || is_index_input(function.attributes, i)) {
        marked[static_cast<size_t>(input)] = true;
      }
    }
  }
  return marked;
}

}  // namespace

std::vector<VariableId> network_inputs(const Graph& graph) {
  std::vector<VariableId> inputs;
  for (const VariableId id : graph.leaves(graph.outputs())) {
    if (graph.variable(id).kind == VariableKind::kInput) inputs.push_back(id);
  }
  return inputs;
}

std::vector<at::Tensor> random_inputs(const Graph& graph) {
  const std::vector<bool> behind_indices = values_behind_indices(graph);
  RandomState random(0);
  std::vector<at::Tensor> inputs;
  for (const VariableId id : network_inputs(graph)) {
    const VariableType& type = graph.variable(id).type;
    Shape shape = type.shape;
    for (size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] == kFreeDim) shape[i] = i == 0 ? kBatch : kExtent;
    }
    const at::ScalarType scalar = scalar_type_of(type.dtype);
    const bool drawn = is_floating(type.dtype) && !behind_indices[static_cast<size_t>(id)];
    const at::Tensor zeros = at::zeros(shape, at::kFloat);
    inputs.push_back(
        (drawn ? zeros.uniform_(-1, 1, random.generator(c10::kCPU)) : zeros).to(scalar));
  }
  return inputs;
}

}  // namespace octet
