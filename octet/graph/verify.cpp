#include <unordered_set>

#include "octet/base/error.h"
#include "octet/graph/graph.h"

namespace octet {
namespace {

template <class... Args>
void require(bool holds, const Graph& graph, fmt::format_string<Args...> format, Args&&... args) {
  if (holds) return;
  throw InternalError(
      fmt::format("graph {}: {}", graph.name(), fmt::format(format, std::forward<Args>(args)...)));
}

void verify_variable(const Graph& graph, VariableId id) {
  const Variable& variable = graph.variable(id);
  if (variable.producer == kNoId) return;
  require(variable.kind == VariableKind::kActivation, graph, "{} is produced but not an activation",
          variable.name);
  const Function& producer = graph.function(variable.producer);
  require(!producer.erased, graph, "the producer of {} is erased", variable.name);
  require(static_cast<size_t>(variable.output_index) < producer.outputs.size() &&
              producer.outputs[variable.output_index] == id,
          graph, "{} is not output {} of its producer", variable.name, variable.output_index);
}

void verify_function(const Graph& graph, FunctionId id) {
  const Function& function = graph.function(id);
  std::vector<VariableType> input_types;
  for (const VariableId input : function.inputs) {
    require(input >= 0 && input < graph.num_variable_slots(), graph, "{} reads unknown variable {}",
            graph.display_name(id), input);
    const Variable& variable = graph.variable(input);
    require(variable.kind != VariableKind::kActivation || variable.producer != kNoId, graph,
            "{} reads {}, which nothing produces", graph.display_name(id), variable.name);
    input_types.push_back(variable.type);
  }
  const OutputTypes types = infer_types(function.attributes, input_types);
  require(types.size() == function.outputs.size(), graph, "{} has {} outputs instead of {}",
          graph.display_name(id), function.outputs.size(), types.size());
  for (size_t i = 0; i < types.size(); ++i) {
    const Variable& output = graph.variable(function.outputs[i]);
    require(output.producer == id, graph, "{} does not know its producer", output.name);
    require(output.type.dtype == types[i].dtype && output.type.shape == types[i].shape, graph,
            "{} has type {} {} but is inferred as {} {}", output.name, to_string(output.type.dtype),
            to_string(output.type.shape), to_string(types[i].dtype), to_string(types[i].shape));
  }
}

}  // namespace

void verify(const Graph& graph) {
  std::unordered_set<std::string> names;
  for (VariableId id = 0; id < graph.num_variable_slots(); ++id) {
    require(names.insert(graph.variable(id).name).second, graph, "two variables are called {}",
            graph.variable(id).name);
    verify_variable(graph, id);
  }
  for (const FunctionId id : graph.topological_order()) verify_function(graph, id);
  for (const VariableId id : graph.outputs()) {
    require(id >= 0 && id < graph.num_variable_slots(), graph, "output {} does not exist", id);
  }
}

namespace {

// What an id stands for in a comparison: leaves by name, activations by their place in the order.
class Positions {
 public:
  explicit Positions(const Graph& graph)
      : graph_(graph), order_(graph.topological_order(graph.outputs())) {
    for (size_t i = 0; i < order_.size(); ++i) position_[order_[i]] = i;
  }
  const std::vector<FunctionId>& order() const { return order_; }
  std::string of(VariableId id) const {
    const Variable& variable = graph_.variable(id);
    if (variable.producer == kNoId) {
      return fmt::format("{}:{}{}", variable.name, to_string(variable.type.dtype),
                         to_string(variable.type.shape));
    }
    return fmt::format("#{}.{}", position_.at(variable.producer), variable.output_index);
  }

 private:
  const Graph& graph_;
  std::vector<FunctionId> order_;
  std::unordered_map<FunctionId, size_t> position_;
};

std::string first_difference(const Graph& a, const Graph& b) {
  const Positions in_a(a);
  const Positions in_b(b);
  if (in_a.order().size() != in_b.order().size()) {
    return fmt::format("{} functions against {}", in_a.order().size(), in_b.order().size());
  }
  for (size_t i = 0; i < in_a.order().size(); ++i) {
    const Function& f = a.function(in_a.order()[i]);
    const Function& g = b.function(in_b.order()[i]);
    const auto where = [&] {
      return fmt::format("function {} ({})", i, a.display_name(in_a.order()[i]));
    };
    if (!(f.attributes == g.attributes)) {
      return fmt::format("{}: {}{} against {}{}", where(), type_name(f.attributes),
                         attributes_to_string(f.attributes), type_name(g.attributes),
                         attributes_to_string(g.attributes));
    }
    if (f.inputs.size() != g.inputs.size()) return where() + ": number of inputs";
    for (size_t k = 0; k < f.inputs.size(); ++k) {
      const std::string x = in_a.of(f.inputs[k]);
      const std::string y = in_b.of(g.inputs[k]);
      if (x != y) return fmt::format("{}: input {} is {} against {}", where(), k, x, y);
    }
  }
  if (a.outputs().size() != b.outputs().size()) return "number of outputs";
  for (size_t i = 0; i < a.outputs().size(); ++i) {
    if (in_a.of(a.outputs()[i]) != in_b.of(b.outputs()[i])) return fmt::format("output {}", i);
  }
  return "";
}

}  // namespace

bool equal(const Graph& a, const Graph& b, std::string* difference) {
  const std::string found = first_difference(a, b);
  if (difference != nullptr) *difference = found;
  return found.empty();
}

}  // namespace octet
