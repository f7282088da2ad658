#include "octet/passes/constant_values.h"

#include <algorithm>

#include "octet/passes/layer_traits.h"

namespace octet {

ConstantValues::ConstantValues(const Graph& graph, const std::vector<FunctionId>& order)
    : constant_(graph.num_variable_slots()) {
  for (VariableId id = 0; id < graph.num_variable_slots(); ++id) {
    constant_[id] = is_parameter(graph, id);
  }
  for (const FunctionId id : order) {
    const Function& function = graph.function(id);
    const bool constant =
        !function.inputs.empty() && std::all_of(function.inputs.begin(), function.inputs.end(),
                                                [&](VariableId x) { return constant_[x]; });
    for (const VariableId output : function.outputs) constant_[output] = constant;
  }
}

bool ConstantValues::contains(VariableId id) const {
  return static_cast<size_t>(id) < constant_.size() && constant_[id];
}

}  // namespace octet
