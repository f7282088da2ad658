#include "octet/targets/integer_values.h"

#include "octet/passes/integer_functions.h"

namespace octet {
namespace {

using IntegerValues = std::map<VariableId, IntegerQParams>;

IntegerQParams qparams_at(const Function& function, size_t index) {
  return {function.inputs[index], function.inputs[index + 1]};
}

bool moves_integers(const Graph& graph, const Function& function) {
  return moves_values(function.attributes) && function.inputs.size() == 1 &&
         graph.variable(function.inputs[0]).type.dtype != DType::kFloat32;
}

void add_outputs(const Graph& graph, const Function& function, IntegerValues& values) {
  if (std::holds_alternative<QuantizeLinear>(function.attributes)) {
    values.emplace(function.outputs[0], qparams_at(function, 1));
  } else if (is_integer_function(function.attributes)) {
    for (size_t i = 0; i + 1 < function.inputs.size(); ++i) {
      if (input_spec(function.attributes, i).name != "y_scale") continue;
      values.emplace(function.outputs[0], qparams_at(function, i));
    }
  } else if (moves_integers(graph, function)) {
    const auto moved = values.find(function.inputs[0]);
    if (moved == values.end()) return;
    for (const VariableId output : function.outputs) values.emplace(output, moved->second);
  }
}

// A scale stands behind the integers that it belongs to: x, x_scale, x_zero_point.
bool is_scale_of(const Attributes& attributes, size_t index) {
  if (std::holds_alternative<QuantizedConcatenate>(attributes)) return index % 3 == 2;
  const std::string_view x = input_spec(attributes, index).name;
  const std::string_view scale = input_spec(attributes, index + 1).name;
  return scale == std::string(x) + "_scale";
}

void add_inputs(const Graph& graph, FunctionId id, IntegerValues& values) {
  for (const auto& [value, qparams] : integer_inputs(graph, id)) values.emplace(value, qparams);
  const Function& function = graph.function(id);
  if (!moves_integers(graph, function)) return;
  const auto moved = values.find(function.outputs[0]);
  if (moved != values.end()) values.emplace(function.inputs[0], moved->second);
}

}  // namespace

IntegerValues integer_values(const Graph& graph) {
  IntegerValues values;
  const std::vector<FunctionId> order = graph.topological_order(graph.outputs());
  for (const FunctionId id : order) add_outputs(graph, graph.function(id), values);
  for (auto id = order.rbegin(); id != order.rend(); ++id) {
    add_inputs(graph, *id, values);
  }
  // What readers told of the integers in front of a function that moves them.
  for (const FunctionId id : order) add_outputs(graph, graph.function(id), values);
  return values;
}

std::vector<std::pair<VariableId, IntegerQParams>> integer_inputs(const Graph& graph,
                                                                  FunctionId id) {
  const Function& function = graph.function(id);
  if (std::holds_alternative<DequantizeLinear>(function.attributes)) {
    return {{function.inputs[0], qparams_at(function, 1)}};
  }
  std::vector<std::pair<VariableId, IntegerQParams>> found;
  if (!is_integer_function(function.attributes)) return found;
  for (size_t i = 0; i + 2 < function.inputs.size(); ++i) {
    if (!is_scale_of(function.attributes, i)) continue;
    found.emplace_back(function.inputs[i], qparams_at(function, i + 1));
  }
  return found;
}

bool is_quantized(const Graph& graph) {
  return !integer_values(graph).empty();
}

}  // namespace octet
