#include "octet/passes/recorded_layers.h"

#include <fnmatch.h>

#include "octet/base/error.h"
#include "octet/passes/constant_values.h"
#include "octet/passes/layer_traits.h"

namespace octet {
namespace {

bool contains(const std::vector<std::string>& types, std::string_view type) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

bool matches(const std::string& pattern, const std::string& name) {
  return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

bool matches_any(const std::vector<std::string>& patterns, const std::string& name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return matches(pattern, name); });
}

void check_patterns(const Graph& graph, const std::vector<RankedFunction>& functions,
                    std::string_view field, const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns) {
    const bool used = std::any_of(functions.begin(), functions.end(), [&](const RankedFunction& f) {
      return matches(pattern, graph.display_name(f.id));
    });
    OCTET_CHECK(used, "QATConfig", "{} pattern '{}' matches no layer of network {}", field, pattern,
                graph.name());
  }
}

// For each function, whether a function of one of the types lies upstream of it.
std::vector<bool> has_upstream(const Graph& graph, const std::vector<RankedFunction>& functions,
                               const std::vector<std::string>& types) {
  std::vector<bool> upstream(graph.num_function_slots(), false);
  for (const RankedFunction& f : functions) {
    for (const VariableId input : graph.function(f.id).inputs) {
      const FunctionId producer = graph.variable(input).producer;
      if (producer == kNoId) continue;
      const bool is_one = contains(types, type_name(graph.function(producer).attributes));
      upstream[f.id] = upstream[f.id] || upstream[producer] || is_one;
    }
  }
  return upstream;
}

// Likewise downstream, within these functions.
std::vector<bool> has_downstream(const Graph& graph, const std::vector<RankedFunction>& functions,
                                 const std::vector<std::string>& types) {
  std::vector<bool> downstream(graph.num_function_slots(), false);
  for (auto f = functions.rbegin(); f != functions.rend(); ++f) {
    const bool is_one = contains(types, type_name(graph.function(f->id).attributes));
    for (const VariableId input : graph.function(f->id).inputs) {
      const FunctionId producer = graph.variable(input).producer;
      if (producer != kNoId && (is_one || downstream[f->id])) downstream[producer] = true;
    }
  }
  return downstream;
}

}  // namespace

std::vector<RankedFunction> ranked_functions(const Graph& graph,
                                             const std::vector<VariableId>& outputs) {
  std::vector<RankedFunction> functions;
  int64_t next = 0;
  for (const FunctionId id : graph.topological_order(outputs)) {
    functions.push_back({id, is_training_only(graph.function(id).attributes) ? -1 : next++});
  }
  return functions;
}

Signature signature_of(const Graph& graph, const std::vector<RankedFunction>& functions) {
  Signature signature;
  for (const RankedFunction& f : functions) {
    if (f.rank == -1) continue;
    const Function& function = graph.function(f.id);
    std::string entry(type_name(function.attributes));
    for (const VariableId input : function.inputs) {
      if (is_parameter(graph, input)) entry += " " + graph.variable(input).name;
    }
    signature.push_back(std::move(entry));
  }
  return signature;
}

std::vector<FunctionId> ids_of(const std::vector<RankedFunction>& functions) {
  std::vector<FunctionId> ids;
  for (const RankedFunction& f : functions) ids.push_back(f.id);
  return ids;
}

std::map<FunctionId, std::string> skipped_layers(const Graph& graph,
                                                 const std::vector<RankedFunction>& functions,
                                                 const QuantizationConfig& config) {
  const std::vector<bool> upstream = has_upstream(graph, functions, config.skip_inputs_layers);
  const std::vector<bool> downstream = has_downstream(graph, functions, config.skip_outputs_layers);
  const ConstantValues constants(graph, ids_of(functions));
  std::map<FunctionId, std::string> skipped;
  for (const RankedFunction& f : functions) {
    const Attributes& attributes = graph.function(f.id).attributes;
    const std::string_view type = type_name(attributes);
    const std::string& name = graph.display_name(f.id);
    if (is_never_quantized(attributes)) {
      skipped[f.id] = "this type is never quantized";
    } else if (constants.contains(graph.output_of(f.id))) {
      skipped[f.id] = "computed from parameters alone: its result is a weight";
    } else if (!config.record_layers.empty() && !contains(config.record_layers, type)) {
      skipped[f.id] = "record_layers does not name its type";
    } else if (contains(config.skip_inputs_layers, type) && !upstream[f.id]) {
      skipped[f.id] = "skip_inputs_layers: the first of its type";
    } else if (contains(config.skip_outputs_layers, type) && !downstream[f.id]) {
      skipped[f.id] = "skip_outputs_layers: the last of its type";
    } else if (!config.include.empty() && !matches_any(config.include, name)) {
      skipped[f.id] = "include does not match its name";
    } else if (matches_any(config.exclude, name)) {
      skipped[f.id] = "exclude matches its name";
    }
  }
  return skipped;
}

std::set<FunctionId> recorded_layers(const Graph& graph,
                                     const std::vector<RankedFunction>& functions,
                                     const QuantizationConfig& config) {
  check_patterns(graph, functions, "include", config.include);
  check_patterns(graph, functions, "exclude", config.exclude);
  const std::map<FunctionId, std::string> skipped = skipped_layers(graph, functions, config);
  std::set<FunctionId> recorded;
  for (const RankedFunction& f : functions) {
    if (!skipped.contains(f.id)) recorded.insert(f.id);
  }
  return recorded;
}

}  // namespace octet
