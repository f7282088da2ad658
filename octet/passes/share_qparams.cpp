#include "octet/passes/share_qparams.h"

#include <numeric>

#include "octet/base/error.h"
#include "octet/passes/constant_values.h"

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
std::vector<FunctionId> shareable_recorders(const Graph& graph, FunctionId id,
                                            const ConstantValues& constants) {
  std::vector<FunctionId> recorders;
  for (const VariableId input : graph.function(id).inputs) {
    const FunctionId producer = graph.variable(input).producer;
    if (producer == kNoId) continue;
    const Function& function = graph.function(producer);
    const auto* recorder = std::get_if<Recorder>(&function.attributes);
    if (recorder == nullptr || recorder->axis != -1) continue;
    if (!constants.contains(function.inputs[0])) recorders.push_back(producer);
  }
  return recorders;
}

// Of each group, by its number, the names of its recorders. A validation network reads the scale
// that its training network's group made.
void check_sharing(const Graph& graph, const std::map<int64_t, std::set<std::string>>& groups,
                   PassContext& ctx) {
  const auto listed = [](const std::set<std::string>& names) {
    return names.empty() ? std::string("none") : fmt::format("{}", fmt::join(names, ", "));
  };
  std::map<std::string, std::set<std::string>>& known = ctx.memory->sharing;
  for (const auto& [number, names] : groups) {
    for (const std::string& name : names) {
      if (ctx.training) {
        known[name] = names;
        continue;
      }
      const std::set<std::string>& there = known[name];
      OCTET_CHECK(names == there, "QATScheduler",
                  "validation network {} shares one range among {}, its training network among {}",
                  graph.name(), listed(names), listed(there));
    }
  }
}

}  // namespace

bool joins_values(const Attributes& attributes) {
  return std::holds_alternative<Add2>(attributes) || std::holds_alternative<AddN>(attributes) ||
         std::holds_alternative<Concatenate>(attributes) ||
         std::holds_alternative<Stack>(attributes);
}

Graph share_qparams(Graph graph, PassContext& ctx) {
  const std::vector<FunctionId> order = graph.topological_order(ctx.outputs);
  const ConstantValues constants(graph, order);
  DisjointSets sets(graph.num_function_slots());
  std::set<FunctionId> shared;
  for (const FunctionId id : order) {
    if (!joins_values(graph.function(id).attributes)) continue;
    const std::vector<FunctionId> recorders = shareable_recorders(graph, id, constants);
    for (const FunctionId recorder : recorders) {
      if (recorders.size() < 2) break;
      sets.unite(recorders[0], recorder);
      shared.insert(recorder);
    }
  }
  // Groups are numbered in the order of the network, so that equal networks get equal numbers.
  std::map<int32_t, int64_t> numbers;
  std::map<int64_t, std::set<std::string>> groups;
  for (const FunctionId id : order) {
    if (!shared.contains(id)) continue;
    const int64_t number =
        numbers.try_emplace(sets.find(id), static_cast<int64_t>(numbers.size())).first->second;
    std::get<Recorder>(graph.mutable_function(id).attributes).group = number;
    groups[number].insert(graph.function(id).name);
  }
  check_sharing(graph, groups, ctx);
  return graph;
}

}  // namespace octet
