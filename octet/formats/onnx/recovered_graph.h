// What the parts of recover_integers() share: the graph, who reads what in it, its patterns and
// scales.
#pragma once

#include <algorithm>

#include "octet/formats/onnx/integer_scales.h"

namespace octet {

class RecoveredGraph {
 public:
  RecoveredGraph(Graph& graph, ParameterStore& parameters, const ScaleNotes& notes)
      : graph(graph),
        parameters(parameters),
        order(graph.topological_order(graph.outputs())),
        uses(graph, order),
        patterns(graph, parameters),
        scales(graph, parameters, uses, notes),
        known_(graph.num_variable_slots()) {}
  RecoveredGraph(const RecoveredGraph&) = delete;

  bool is_output(VariableId id) const {
    return std::ranges::find(graph.outputs(), id) != graph.outputs().end();
  }
  // Those who still read it, of the file's own functions.
  std::vector<Use> readers(VariableId id) const {
    std::vector<Use> live;
    if (id >= known_) return live;
    for (const Use& use : uses.of(id)) {
      if (!graph.function(use.function).erased) live.push_back(use);
    }
    return live;
  }
  // The one function that reads a value that is no output; kNoId for any other value.
  FunctionId only_reader(VariableId id) const {
    const std::vector<Use> live = readers(id);
    return live.size() == 1 && !is_output(id) ? live[0].function : kNoId;
  }
  // A function in the place of another one.
  void replace(FunctionId old, const Attributes& attributes,
               const std::vector<VariableId>& inputs) {
    const std::vector<VariableId> outputs = graph.function(old).outputs;
    const std::string name = graph.function(old).name;
    graph.erase_function(old);
    graph.add_function_for(attributes, inputs, outputs, name);
  }

  // The parameter with another value, under its name if nothing else reads it.
  VariableId restored(VariableId parameter, const at::Tensor& value);

  Graph& graph;
  ParameterStore& parameters;
  const std::vector<FunctionId> order;
  const Uses uses;
  const IntegerPatterns patterns;
  IntegerScales scales;

 private:
  VariableId known_;
};

// The parts of recover_integers(). Each looks at one function of the file, in their order.

// A Cast of exact sums to int32.
void recover_sums(RecoveredGraph& graph, FunctionId cast);
// What a QuantizeLinear makes integers of.
void recover_arithmetic(RecoveredGraph& graph, FunctionId quantizer);
void recover_pooling(RecoveredGraph& graph, FunctionId quantizer);
// A Gather from a table.
void recover_lookup(RecoveredGraph& graph, FunctionId gather);
// A bound of integers.
void recover_bounds(RecoveredGraph& graph, FunctionId clamp);

}  // namespace octet
