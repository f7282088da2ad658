#include "octet/graph/graph.h"

#include <atomic>

#include "octet/base/error.h"

namespace octet {

void Graph::revise() {
  static std::atomic<uint64_t> last_revision{0};
  revision_ = ++last_revision;
}

std::string Graph::unused_name(const std::string& wanted) {
  if (!by_name_.contains(wanted)) return wanted;
  int& suffix = next_suffix_[wanted];
  std::string name;
  do {
    name = fmt::format("{}_{}", wanted, ++suffix);
  } while (by_name_.contains(name));
  return name;
}

VariableId Graph::add_variable(const std::string& name, VariableKind kind, VariableType type) {
  revise();
  const auto id = static_cast<VariableId>(variables_.size());
  by_name_.emplace(name, id);
  variables_.push_back({name, kind, std::move(type), kNoId, 0});
  return id;
}

VariableId Graph::add_input(const std::string& name, VariableType type) {
  return add_variable(unused_name(name), VariableKind::kInput, std::move(type));
}

VariableId Graph::add_parameter(const std::string& name, const VariableType& type) {
  const VariableId existing = find_variable(name);
  if (existing == kNoId) return add_variable(name, VariableKind::kParameter, type);
  const Variable& variable = variables_[existing];
  OCTET_CHECK(variable.kind == VariableKind::kParameter, name,
              "is already the name of another value, not of a parameter");
  OCTET_CHECK(variable.type.shape == type.shape, name, "has shape {}, not {}",
              to_string(variable.type.shape), to_string(type.shape));
  return existing;
}

OutputTypes Graph::infer_outputs(const Attributes& attributes,
                                 const std::vector<VariableId>& inputs,
                                 const std::string& name) const {
  std::vector<VariableType> types;
  types.reserve(inputs.size());
  for (const VariableId id : inputs) {
    OCTET_INTERNAL_CHECK(id >= 0 && id < num_variable_slots());
    types.push_back(variables_[id].type);
  }
  try {
    return infer_types(attributes, types);
  } catch (const Error& error) {
    if (name.empty()) throw;
    throw Error(fmt::format("{} (layer {})", error.what(), name));
  }
}

FunctionId Graph::add_function(Attributes attributes, std::vector<VariableId> inputs,
                               const std::string& name,
                               const std::vector<std::string>& output_names) {
  const OutputTypes types = infer_outputs(attributes, inputs, name);
  std::vector<VariableId> outputs;
  for (size_t i = 0; i < types.size(); ++i) {
    const std::string wanted =
        i < output_names.size()
            ? output_names[i]
            : fmt::format("{}_out", name.empty() ? std::string(type_name(attributes)) : name);
    outputs.push_back(add_variable(unused_name(wanted), VariableKind::kActivation, types[i]));
  }
  revise();
  const auto id = static_cast<FunctionId>(functions_.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    variables_[outputs[i]].producer = id;
    variables_[outputs[i]].output_index = static_cast<int32_t>(i);
  }
  functions_.push_back({name, std::move(attributes), std::move(inputs), std::move(outputs), false});
  return id;
}

FunctionId Graph::add_function_for(Attributes attributes, std::vector<VariableId> inputs,
                                   std::vector<VariableId> outputs, const std::string& name) {
  const OutputTypes types = infer_outputs(attributes, inputs, name);
  OCTET_INTERNAL_CHECK(types.size() == outputs.size());
  revise();
  const auto id = static_cast<FunctionId>(functions_.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    Variable& variable = variables_[outputs[i]];
    OCTET_INTERNAL_CHECK(variable.producer == kNoId && variable.kind == VariableKind::kActivation);
    variable.producer = id;
    variable.output_index = static_cast<int32_t>(i);
    variable.type = types[i];
  }
  functions_.push_back({name, std::move(attributes), std::move(inputs), std::move(outputs), false});
  return id;
}

VariableId Graph::find_variable(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? kNoId : found->second;
}

const std::string& Graph::display_name(FunctionId id) const {
  const Function& function = functions_[id];
  return function.name.empty() ? variables_[function.outputs[0]].name : function.name;
}

void Graph::set_input(FunctionId id, size_t index, VariableId variable) {
  revise();
  functions_[id].inputs.at(index) = variable;
}

void Graph::erase_function(FunctionId id) {
  Function& function = functions_[id];
  OCTET_INTERNAL_CHECK(!function.erased);
  revise();
  for (const VariableId output : function.outputs) variables_[output].producer = kNoId;
  function.erased = true;
  function.inputs.clear();
}

void Graph::set_input_shape(VariableId input, const Shape& shape) {
  OCTET_INTERNAL_CHECK(variables_[input].kind == VariableKind::kInput);
  revise();
  variables_[input].type.shape = shape;
}

void Graph::rename_variable(VariableId id, const std::string& name) {
  if (variables_[id].name == name) return;
  const VariableId holder = find_variable(name);
  if (holder != kNoId) {
    const std::string suffixed = unused_name(name);
    if (variables_[holder].kind == VariableKind::kParameter) return rename_variable(id, suffixed);
    by_name_[suffixed] = holder;
    variables_[holder].name = suffixed;
  }
  revise();
  by_name_.erase(variables_[id].name);
  by_name_[name] = id;
  variables_[id].name = name;
}

void Graph::infer_all_types() {
  revise();
  for (const FunctionId id : topological_order()) {
    const Function& function = functions_[id];
    OutputTypes types = infer_outputs(function.attributes, function.inputs, function.name);
    OCTET_INTERNAL_CHECK(types.size() == function.outputs.size());
    for (size_t i = 0; i < types.size(); ++i) {
      VariableType& type = variables_[function.outputs[i]].type;
      types[i].qparams = std::move(type.qparams);
      type = std::move(types[i]);
    }
  }
}

}  // namespace octet
