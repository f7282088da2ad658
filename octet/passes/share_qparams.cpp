#include "octet/passes/share_qparams.h"

#include <numeric>

#include "octet/passes/layer_traits.h"

namespace octet {
namespace {

class DisjointSets {
 public:
  explicit DisjointSets(size_t size) : parent_(size) {
    std::iota(parent_.begin(), parent_.end(), 0);
  }
  int32_t find(int32_t x) {
    while (parent_[x] != x) x = parent_[x] = parent_[parent_[x]];
    return x;
  }
  void unite(int32_t a, int32_t b) { parent_[find(b)] = find(a); }

 private:
  std::vector<int32_t> parent_;
};

// The recorders of activations, per tensor, that the function reads.
std::vector<FunctionId> shareable_recorders(const Graph& graph, FunctionId id) {
  std::vector<FunctionId> recorders;
  for (const VariableId input : graph.function(id).inputs) {
    const FunctionId producer = graph.variable(input).producer;
    if (producer == kNoId) continue;
    const Function& function = graph.function(producer);
    const auto* recorder = std::get_if<Recorder>(&function.attributes);
    if (recorder == nullptr || recorder->axis != -1) continue;
    if (!is_parameter(graph, function.inputs[0])) recorders.push_back(producer);
  }
  return recorders;
}

}  // namespace

bool joins_values(const Attributes& attributes) {
  return std::holds_alternative<Add2>(attributes) || std::holds_alternative<AddN>(attributes) ||
         std::holds_alternative<Concatenate>(attributes) ||
         std::holds_alternative<Stack>(attributes);
}

Graph share_qparams(Graph graph, PassContext& ctx) {
  const std::vector<FunctionId> order = graph.topological_order(ctx.outputs);
  DisjointSets sets(graph.num_function_slots());
  std::set<FunctionId> shared;
  for (const FunctionId id : order) {
    if (!joins_values(graph.function(id).attributes)) continue;
    const std::vector<FunctionId> recorders = shareable_recorders(graph, id);
    for (const FunctionId recorder : recorders) {
      if (recorders.size() < 2) break;
      sets.unite(recorders[0], recorder);
      shared.insert(recorder);
    }
  }
  // Groups are numbered in the order of the network, so that equal networks get equal numbers.
  std::map<int32_t, int64_t> numbers;
  for (const FunctionId id : order) {
    if (!shared.contains(id)) continue;
    const int64_t number =
        numbers.try_emplace(sets.find(id), static_cast<int64_t>(numbers.size())).first->second;
    std::get<Recorder>(graph.mutable_function(id).attributes).group = number;
  }
  return graph;
}

}  // namespace octet
