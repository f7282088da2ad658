#include "octet/train/weight_average.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "octet/base/error.h"
#include "octet/base/shape.h"

namespace octet {

namespace {

constexpr const char* kWhere = "WeightAverage";

}  // namespace

WeightAverage::WeightAverage(const WeightAverageOptions& options) : options_(options) {
  OCTET_CHECK(options.decay >= 0 && options.decay < 1, kWhere,
              "decay (--average) must be at least 0 and less than 1, not {}", options.decay);
}

void WeightAverage::check_not_swapped(const char* what) const {
  OCTET_CHECK(!swapped_, kWhere, "{} while the averages are swapped in; swap() them back first",
              what);
}

void WeightAverage::set_parameters(const std::vector<Parameter>& parameters) {
  check_not_swapped("set_parameters()");
  std::map<std::string, at::Tensor> before;
  for (size_t i = 0; i < names_.size(); ++i) before[names_[i]] = averages_[i];
  names_.clear();
  weights_.clear();
  averages_.clear();
  for (const Parameter& parameter : parameters) {
    if (!at::isFloatingType(parameter.value.scalar_type())) continue;
    const auto found = before.find(parameter.name);
    const bool stays = found != before.end() && found->second.sizes() == parameter.value.sizes() &&
                       found->second.device() == parameter.value.device();
    names_.push_back(parameter.name);
    weights_.push_back(parameter.value);
    averages_.push_back(stays ? found->second : parameter.value.detach().clone());
  }
}

void WeightAverage::set_parameters(const ParameterStore& store) {
  std::vector<Parameter> trained;
  for (const std::string& name : store.names()) {
    if (store.at(name).need_grad) trained.push_back(store.at(name));
  }
  set_parameters(trained);
}

void WeightAverage::update() {
  check_not_swapped("update()");
  ++updates_;
  if (weights_.empty()) return;
  const at::NoGradGuard no_grad;
  const double t = static_cast<double>(updates_);
  const double decay =
      options_.warm_up ? std::min(options_.decay, (1 + t) / (10 + t)) : options_.decay;
  at::_foreach_mul_(averages_, decay);
  at::_foreach_add_(averages_, weights_, 1 - decay);
}

void WeightAverage::swap() {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < weights_.size(); ++i) {
    const at::Tensor weight = weights_[i].clone();
    weights_[i].copy_(averages_[i]);
    averages_[i].copy_(weight);
  }
  swapped_ = !swapped_;
}

WeightAverage::State WeightAverage::state() const {
  check_not_swapped("state()");
  State state{updates_, {}};
  for (size_t i = 0; i < names_.size(); ++i) state.averages[names_[i]] = averages_[i].clone();
  return state;
}

void WeightAverage::set_state(const State& state) {
  check_not_swapped("set_state()");
  for (size_t i = 0; i < names_.size(); ++i) {
    const auto found = state.averages.find(names_[i]);
    OCTET_CHECK(found != state.averages.end(), kWhere, "the state lacks the parameter '{}'",
                names_[i]);
    OCTET_CHECK(found->second.sizes() == averages_[i].sizes(), kWhere,
                "the average of '{}' has shape {}, the parameter {}", names_[i],
                to_string(Shape(found->second.sizes().vec())),
                to_string(Shape(averages_[i].sizes().vec())));
  }
  OCTET_CHECK(state.averages.size() == names_.size(), kWhere,
              "the state has {} parameters, the network {}", state.averages.size(), names_.size());
  for (size_t i = 0; i < names_.size(); ++i) averages_[i].copy_(state.averages.at(names_[i]));
  updates_ = state.updates;
}

}  // namespace octet
