#include "octet/passes/origins.h"

#include "octet/passes/layer_traits.h"

namespace octet {

Origins::Origins(const Graph& graph, const std::vector<FunctionId>& functions)
    : readers_(graph.num_variable_slots()) {
  for (VariableId id = 0; id < graph.num_variable_slots(); ++id) entries_.push_back({id, kNoId});
  for (const FunctionId id : functions) {
    const Function& function = graph.function(id);
    if (is_training_only(function.attributes)) {
      Entry entry = entries_[function.inputs[0]];
      const bool drops = std::holds_alternative<Dropout>(function.attributes);
      if (drops && entry.dropout == kNoId) entry.dropout = id;
      entries_[function.outputs[0]] = entry;
      continue;
    }
    for (size_t i = 0; i < function.inputs.size(); ++i) {
      readers_[of(function.inputs[i])].push_back({id, i});
    }
  }
}

}  // namespace octet
