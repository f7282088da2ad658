#include "octet/plan/builder.h"

#include "octet/base/error.h"
#include "octet/plan/steps/convert_step.h"

namespace octet::plan {

using kernels::Layout;

ValueId Builder::push(Value value) {
  value.name = value.variable == kNoId ? value.name : graph_.variable(value.variable).name;
  values_.push_back(std::move(value));
  return static_cast<ValueId>(values_.size() - 1);
}

ValueId Builder::add_leaf(VariableId id, bool needs_gradient) {
  const ValueId leaf = add_loose(id, needs_gradient);
  values_[leaf].is_leaf = true;
  values_[leaf].is_input = graph_.variable(id).kind == VariableKind::kInput;
  return leaf;
}

ValueId Builder::add_loose(VariableId id, bool needs_gradient) {
  by_variable_.resize(types_.size(), kNoId);
  by_variable_[id] = push({.shape = types_[id].shape,
                           .other_type = types_[id].dtype != DType::kFloat32,
                           .variable = id,
                           .loose = true,
                           .needs_gradient = needs_gradient && gradients_});
  return by_variable_[id];
}

ValueId Builder::add_value(VariableId id, ElementType type, Layout layout, bool needs_gradient) {
  by_variable_.resize(types_.size(), kNoId);
  Value value{.shape = types_[id].shape,
              .type = type,
              .layout = layout,
              .variable = id,
              .needs_gradient = needs_gradient && gradients_};
  value.buffer = arena_.add(value.elements() * bytes_per_element(type));
  by_variable_[id] = push(std::move(value));
  return by_variable_[id];
}

ValueId Builder::converted(VariableId id, ElementType type, Layout layout) {
  const ValueId from = by_variable_[id];
  const Value& source = values_[from];
  if (source.layout == layout && source.type == type) return from;
  const auto key = std::tuple(from, type, layout);
  const auto known = conversions_.find(key);
  if (known != conversions_.end()) return known->second;
  Value value{.shape = source.shape,
              .type = type,
              .layout = layout,
              .variable = id,
              .needs_gradient = source.needs_gradient};
  value.buffer = arena_.add(value.elements() * bytes_per_element(type));
  const ValueId to = push(std::move(value));
  conversions_[key] = to;
  add_step(make_convert_step(*this, from, to));
  return to;
}

ValueId Builder::as_floats(VariableId id, Layout layout) {
  return converted(id, ElementType::kFloat32, layout);
}

ValueId Builder::as_layout(VariableId id, Layout layout) {
  return converted(id, made(id).type, layout);
}

}  // namespace octet::plan
