// Walks over a graph. All are iterative with a visited set, so depth and size cost only memory.
#include "octet/base/error.h"
#include "octet/graph/graph.h"

namespace octet {
namespace {

enum class Mark : uint8_t { kNew, kOpen, kDone };

// Depth-first post-order from one variable.
void visit_producers(const Graph& graph, VariableId root, std::vector<Mark>& marks,
                     std::vector<FunctionId>& order) {
  struct Frame {
    FunctionId function;
    size_t next_input;
  };
  const auto open = [&](VariableId variable, std::vector<Frame>& stack) {
    const FunctionId producer = graph.variable(variable).producer;
    if (producer == kNoId || marks[producer] == Mark::kDone) return;
    if (marks[producer] == Mark::kOpen) {
      throw InternalError(fmt::format("graph {}: {} depends on itself", graph.name(),
                                      graph.display_name(producer)));
    }
    marks[producer] = Mark::kOpen;
    stack.push_back({producer, 0});
  };
  std::vector<Frame> stack;
  open(root, stack);
  while (!stack.empty()) {
    Frame& frame = stack.back();
    const Function& function = graph.function(frame.function);
    if (frame.next_input < function.inputs.size()) {
      open(function.inputs[frame.next_input++], stack);
      continue;
    }
    marks[frame.function] = Mark::kDone;
    order.push_back(frame.function);
    stack.pop_back();
  }
}

}  // namespace

std::vector<FunctionId> Graph::topological_order(const std::vector<VariableId>& outputs) const {
  std::vector<Mark> marks(functions_.size(), Mark::kNew);
  std::vector<FunctionId> order;
  for (const VariableId output : outputs) visit_producers(*this, output, marks, order);
  return order;
}

std::vector<FunctionId> Graph::topological_order() const {
  std::vector<Mark> marks(functions_.size(), Mark::kNew);
  std::vector<FunctionId> order;
  for (const VariableId output : outputs_) visit_producers(*this, output, marks, order);
  for (const Function& function : functions_) {
    if (function.erased) continue;
    for (const VariableId output : function.outputs) visit_producers(*this, output, marks, order);
  }
  return order;
}

std::vector<VariableId> Graph::leaves(const std::vector<VariableId>& outputs) const {
  std::vector<bool> seen(variables_.size(), false);
  std::vector<VariableId> result;
  const auto take = [&](VariableId id) {
    if (seen[id] || variables_[id].kind == VariableKind::kActivation) return;
    seen[id] = true;
    result.push_back(id);
  };
  for (const FunctionId id : topological_order(outputs)) {
    for (const VariableId input : functions_[id].inputs) take(input);
  }
  for (const VariableId output : outputs) take(output);
  return result;
}

Uses::Uses(const Graph& graph) : uses_(graph.num_variable_slots()) {
  for (FunctionId id = 0; id < graph.num_function_slots(); ++id) {
    const Function& function = graph.function(id);
    for (size_t i = 0; i < function.inputs.size(); ++i)
      uses_[function.inputs[i]].push_back({id, i});
  }
}

Uses::Uses(const Graph& graph, const std::vector<FunctionId>& functions)
    : uses_(graph.num_variable_slots()) {
  for (const FunctionId id : functions) {
    const Function& function = graph.function(id);
    for (size_t i = 0; i < function.inputs.size(); ++i)
      uses_[function.inputs[i]].push_back({id, i});
  }
}

Graph compact(const Graph& graph) {
  Graph result(graph.name());
  std::vector<VariableId> renumbered(graph.num_variable_slots(), kNoId);
  for (const VariableId id : graph.leaves(graph.outputs())) {
    const Variable& variable = graph.variable(id);
    renumbered[id] = variable.kind == VariableKind::kInput
                         ? result.add_input(variable.name, variable.type)
                         : result.add_parameter(variable.name, variable.type);
  }
  for (const FunctionId id : graph.topological_order(graph.outputs())) {
    const Function& function = graph.function(id);
    std::vector<VariableId> inputs;
    for (const VariableId input : function.inputs) inputs.push_back(renumbered[input]);
    std::vector<std::string> names;
    for (const VariableId output : function.outputs) names.push_back(graph.variable(output).name);
    const FunctionId copy = result.add_function(function.attributes, inputs, function.name, names);
    for (size_t i = 0; i < function.outputs.size(); ++i) {
      const VariableId output = result.output_of(copy, i);
      renumbered[function.outputs[i]] = output;
      result.mutable_variable(output).type = graph.variable(function.outputs[i]).type;
    }
  }
  std::vector<VariableId> outputs;
  for (const VariableId id : graph.outputs()) outputs.push_back(renumbered[id]);
  result.set_outputs(std::move(outputs));
  return result;
}

}  // namespace octet
