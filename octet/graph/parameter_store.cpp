#include "octet/graph/parameter_store.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"

namespace octet {

ParameterStore::ParameterStore(uint64_t seed, c10::Device device)
    : device_(device), random_(seed) {}

Parameter& ParameterStore::get_or_create(const std::string& name, const Shape& shape,
                                         const Initializer& initial, bool need_grad) {
  if (Parameter* existing = find(name)) {
    OCTET_CHECK(existing->value.sizes() == at::IntArrayRef(shape), name,
                "the parameter exists with shape {}, not {}",
                to_string(Shape(existing->value.sizes().vec())), to_string(shape));
    return *existing;
  }
  // Drawn on the CPU, so that a seed gives the same weights on every device.
  return set(name, initial(shape, random_.generator(at::kCPU)), need_grad);
}

Parameter& ParameterStore::set(const std::string& name, const at::Tensor& value, bool need_grad) {
  auto [entry, inserted] = by_name_.try_emplace(name);
  if (!inserted && entry->second.parameter.value.sizes() == value.sizes() &&
      entry->second.parameter.value.scalar_type() == value.scalar_type()) {
    // The tensor stays: solvers and networks that hold it see the new value.
    Parameter& parameter = entry->second.parameter;
    parameter.need_grad = need_grad;
    parameter.value.set_requires_grad(need_grad && at::isFloatingType(value.scalar_type()));
    parameter.value.detach().copy_(value.detach());
    return parameter;
  }
  if (inserted) entry->second.order = next_order_++;
  at::Tensor leaf = value.detach().to(device_).contiguous();
  if (leaf.is_same(value) || leaf.is_alias_of(value)) leaf = leaf.clone();
  leaf.set_requires_grad(need_grad && at::isFloatingType(leaf.scalar_type()));
  entry->second.parameter = {name, leaf, need_grad};
  return entry->second.parameter;
}

Parameter* ParameterStore::find(const std::string& name) {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second.parameter;
}

const Parameter* ParameterStore::find(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second.parameter;
}

Parameter& ParameterStore::at(const std::string& name) {
  Parameter* found = find(name);
  OCTET_CHECK(found != nullptr, name, "there is no parameter of this name");
  return *found;
}

const Parameter& ParameterStore::at(const std::string& name) const {
  const Parameter* found = find(name);
  OCTET_CHECK(found != nullptr, name, "there is no parameter of this name");
  return *found;
}

void ParameterStore::erase(const std::string& name) {
  by_name_.erase(name);
}

std::vector<std::string> ParameterStore::names() const {
  std::vector<const Entry*> entries;
  for (const auto& [name, entry] : by_name_) entries.push_back(&entry);
  std::sort(entries.begin(), entries.end(),
            [](const Entry* a, const Entry* b) { return a->order < b->order; });
  std::vector<std::string> result;
  for (const Entry* entry : entries) result.push_back(entry->parameter.name);
  return result;
}

ParameterStore ParameterStore::clone() const {
  ParameterStore copy(0, device_);
  for (const std::string& name : names()) {
    Parameter& copied = copy.set(name, at(name).value, at(name).need_grad);
    if (at(name).unit.defined()) copied.unit = at(name).unit.clone();
    copied.decays = at(name).decays;
  }
  return copy;
}

}  // namespace octet
