#include "octet/plan/builder.h"

#include <algorithm>

#include "octet/plan/steps/convert_step.h"

namespace octet::plan {

using kernels::Layout;

Builder::Builder(const Graph& graph, std::vector<VariableType> types, bool gradients, bool bfloat16)
    : gradients_(gradients),
      bfloat16_(bfloat16),
      graph_(graph),
      types_(std::move(types)),
      by_variable_(types_.size(), kNoId),
      only_readers_(types_.size(), kNoId) {}

void Builder::find_only_readers(const std::vector<FunctionId>& functions,
                                const std::set<VariableId>& kept) {
  const Uses uses(graph_, functions);
  for (const FunctionId function : functions) {
    for (const VariableId value : graph_.function(function).outputs) {
      const std::vector<Use>& readers = uses.of(value);
      if (readers.size() == 1 && !kept.contains(value)) only_readers_[value] = readers[0].function;
    }
  }
}

ValueId Builder::push(Value value) {
  value.name = graph_.variable(value.variable).name;
  value.shape = types_[value.variable].shape;
  if (!value.loose && value.buffer == kNoId) {
    value.buffer = arena_.add(value.elements() * bytes_per_element(value.type));
  }
  values_.push_back(std::move(value));
  return static_cast<ValueId>(values_.size() - 1);
}

bool Builder::needs_gradient(const std::vector<ValueId>& values) const {
  return std::any_of(values.begin(), values.end(),
                     [&](ValueId id) { return values_[id].needs_gradient; });
}

ValueId Builder::add_leaf(VariableId id, bool needs_gradient) {
  const Variable& variable = graph_.variable(id);
  return by_variable_[id] = push({.other_type = types_[id].dtype != DType::kFloat32,
                                  .variable = id,
                                  .loose = true,
                                  .is_leaf = true,
                                  .is_input = variable.kind == VariableKind::kInput,
                                  .needs_gradient = needs_gradient && gradients_});
}

ValueId Builder::add_loose(VariableId id, const std::vector<ValueId>& inputs) {
  return by_variable_[id] = push({.other_type = types_[id].dtype != DType::kFloat32,
                                  .variable = id,
                                  .loose = true,
                                  .needs_gradient = needs_gradient(inputs)});
}

ValueId Builder::add_value(VariableId id, ElementType type, Layout layout,
                           const std::vector<ValueId>& inputs) {
  return by_variable_[id] = push({.type = type,
                                  .layout = layout,
                                  .variable = id,
                                  .needs_gradient = needs_gradient(inputs)});
}

ValueId Builder::add_value_in_place(VariableId id, VariableId from) {
  const Value& source = made(from);
  return by_variable_[id] = push({.type = source.type,
                                  .layout = source.layout,
                                  .variable = id,
                                  .needs_gradient = source.needs_gradient,
                                  .buffer = source.buffer});
}

bool Builder::is_last_use(VariableId id, FunctionId function) const {
  // Another value of the graph may be the same as this one, and backward() may read it again.
  return !gradients_ && !made(id).loose && made(id).variable == id && only_reader(id) == function;
}

std::vector<ValueId> Builder::values_of(const Function& function) const {
  std::vector<ValueId> values;
  for (const VariableId input : function.inputs) values.push_back(value_of(input));
  return values;
}

ValueId Builder::converted(ValueId from, ElementType type, Layout layout) {
  const Value& source = values_[from];
  if (source.layout == layout && source.type == type) return from;
  const auto [entry, inserted] = conversions_.try_emplace({from, type, layout}, kNoId);
  if (!inserted) return entry->second;
  entry->second = push({.type = type,
                        .layout = layout,
                        .variable = source.variable,
                        .needs_gradient = source.needs_gradient});
  add_step(make_convert_step(*this, from, entry->second));
  return entry->second;
}

ValueId Builder::as_floats(VariableId id, Layout layout) {
  return converted(by_variable_[id], ElementType::kFloat32, layout);
}

ValueId Builder::as_layout(VariableId id, Layout layout) {
  return converted(by_variable_[id], made(id).type, layout);
}

bool Builder::has_integers(VariableId id) const {
  if (!byte_type_of(types_[id].dtype) || made(id).is_leaf) return false;
  // Those of weights lie in floats.
  return made(id).loose || made(id).type != ElementType::kFloat32;
}

bool Builder::has_constant_integers(VariableId id) const {
  return byte_type_of(types_[id].dtype) && !has_integers(id);
}

ValueId Builder::as_integers(VariableId id) {
  if (!made(id).loose && made(id).type != ElementType::kFloat32) return value_of(id);
  return converted(by_variable_[id], *byte_type_of(types_[id].dtype), Layout::kPlain);
}

ValueId Builder::as_integers(VariableId id, Layout layout) {
  const ValueId integers = as_integers(id);
  return converted(integers, values_[integers].type, layout);
}

}  // namespace octet::plan
