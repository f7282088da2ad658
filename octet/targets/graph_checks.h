// The rules of check_graph, inside the library: what a check sees, and the list of checks.
#pragma once

#include <span>

#include "octet/passes/layer_traits.h"
#include "octet/targets/check_graph.h"
#include "octet/targets/quantized_value.h"
#include "octet/targets/target_rules.h"

namespace octet {

// What all checks look at. `order` has every function that the outputs depend on.
struct CheckedGraph {
  CheckedGraph(const Graph& checked, const ParameterStore& store, Target target);

  const Graph& graph;
  const ParameterStore& parameters;
  const TargetRules& rules;
  std::vector<FunctionId> order;
  Uses uses;
};

// One layer, with the pairs on its inputs (nothing where an input is float).
struct CheckedLayer {
  const CheckedGraph& in;
  FunctionId id;
  const Function& function;
  std::optional<WeightedLayer> weighted;
  std::vector<std::optional<QuantizedValue>> inputs;

  std::string_view role(size_t index) const { return input_spec(function.attributes, index).name; }
  bool is_bias(size_t index) const { return role(index) == "bias"; }
  bool is_weight(size_t index) const { return weighted.has_value() && role(index) == "weight"; }
  const std::string& name() const { return in.graph.display_name(id); }
  const std::string& input_name(size_t index) const {
    return in.graph.variable(function.inputs[index]).name;
  }
};

CheckedLayer checked_layer(const CheckedGraph& in, FunctionId id);

// The value behind activations that integer kernels take in (ReLU, ReLU6), if `value` has no other
// reader.
VariableId behind_activations(const CheckedGraph& in, VariableId value);
// Whether every reader of the value quantizes it, and there is one.
bool is_quantized_by_readers(const CheckedGraph& in, VariableId value);
// Whether data and weight of a layer with weights (or every input of another layer) are quantized.
bool runs_on_integers(const CheckedLayer& layer);

using LayerCheck = void (*)(const CheckedLayer& layer, std::vector<Finding>& findings);

std::span<const LayerCheck> number_checks();     // of each pair: format, scale, zero point
std::span<const LayerCheck> placement_checks();  // where pairs stand

// Of all functions, quantizers too: what NNabla's loader refuses or reads otherwise.
void check_nnabla_functions(const CheckedGraph& in, std::vector<Finding>& findings);

}  // namespace octet
