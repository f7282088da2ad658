#include "octet/train/solver.h"

#include <ATen/ATen.h>

#include <cmath>
#include <set>

#include "octet/base/error.h"
#include "octet/base/shape.h"
#include "octet/train/parameter_pieces.h"

namespace octet {

namespace {

void check_not_negative(double value, const char* what, const std::string& where) {
  OCTET_CHECK(std::isfinite(value) && value >= 0, where, "{} must be 0 or more, not {}", what,
              value);
}

// The gradients that there are, and the values and units that they belong to.
struct Gradients {
  std::vector<at::Tensor> values;
  std::vector<at::Tensor> gradients;
  std::vector<at::Tensor> units;
};

void add_gradient_of(const Parameter& parameter, Gradients& to) {
  if (!parameter.value.grad().defined()) return;
  to.values.push_back(parameter.value);
  to.gradients.push_back(parameter.value.grad());
  to.units.push_back(parameter.unit);
}

Gradients defined_gradients(const std::vector<Parameter>& parameters) {
  Gradients result;
  for (const Parameter& parameter : parameters) add_gradient_of(parameter, result);
  return result;
}

// What is divided by a unit of 0 may be anything, for its gradient is 0.
at::Tensor divisor_of(const at::Tensor& unit) {
  return unit.masked_fill(unit == 0, 1);
}

// With w = unit * v: v.
at::Tensor without_unit(const at::Tensor& value, const at::Tensor& unit) {
  return unit.defined() ? value / divisor_of(unit) : value;
}

// dL/dv = unit * dL/dw.
at::Tensor gradient_without_unit(const at::Tensor& gradient, const at::Tensor& unit) {
  return unit.defined() ? gradient * unit : gradient;
}

std::vector<at::Tensor> gradients_without_units(const Gradients& from) {
  std::vector<at::Tensor> gradients;
  for (size_t i = 0; i < from.gradients.size(); ++i) {
    gradients.push_back(gradient_without_unit(from.gradients[i], from.units[i]));
  }
  return gradients;
}

// For tensors that kernels cannot take.
void add_weight_decay(const Gradients& to, double decay) {
  Gradients plain;
  for (size_t i = 0; i < to.values.size(); ++i) {
    if (to.units[i].defined()) {
      // d(decay v^2 / 2)/dw = decay v / unit
      const at::Tensor v = without_unit(to.values[i], to.units[i]);
      to.gradients[i].add_(v / divisor_of(to.units[i]), decay);
    } else {
      plain.values.push_back(to.values[i]);
      plain.gradients.push_back(to.gradients[i]);
    }
  }
  if (!plain.values.empty()) at::_foreach_add_(plain.gradients, plain.values, decay);
}

// Kernels write through pointers, of which tensors do not know; what was derived from a parameter
// (packed weights) goes by its version.
void bump_versions(const std::vector<at::Tensor>& tensors) {
  for (const at::Tensor& tensor : tensors) tensor.unsafeGetTensorImpl()->bump_version();
}

// One L2 norm per gradient, in a tensor of shape (gradients).
at::Tensor gradient_norms(const std::vector<at::Tensor>& gradients) {
  return at::stack(at::_foreach_norm(gradients, 2));
}

// What a gradient of each norm is multiplied with; exactly 1 within the bound.
at::Tensor clip_factors(const at::Tensor& norms, double max_norm) {
  return at::where(norms > max_norm, max_norm / norms, at::ones_like(norms));
}

}  // namespace

void check_rate(double value, const char* what, const std::string& where) {
  OCTET_CHECK(value >= 0 && value < 1, where, "{} must be at least 0 and less than 1, not {}", what,
              value);
}

void check_positive(double value, const char* what, const std::string& where) {
  OCTET_CHECK(std::isfinite(value) && value > 0, where, "{} must be greater than 0, not {}", what,
              value);
}

Solver::Solver(const std::string& type, double learning_rate)
    : learning_rate_(learning_rate), initial_learning_rate_(learning_rate) {
  check_not_negative(learning_rate, "the learning rate", type);
}

void Solver::set_parameters(const std::vector<Parameter>& parameters, bool keep_state) {
  std::vector<Parameter> trained;
  std::map<std::string, ParameterState> kept;
  std::set<std::string> names;
  for (const Parameter& parameter : parameters) {
    if (!parameter.need_grad) continue;
    OCTET_CHECK(names.insert(parameter.name).second, type(), "the parameter '{}' is given twice",
                parameter.name);
    OCTET_CHECK(parameter.value.defined() && at::isFloatingType(parameter.value.scalar_type()),
                type(), "the parameter '{}' holds no floats, so it cannot be trained",
                parameter.name);
    trained.push_back(parameter);
    const auto state = states_.find(parameter.name);
    if (!keep_state || state == states_.end()) continue;
    bool fits = true;
    for (const auto& [name, tensor] : state->second.tensors) {
      fits = fits && tensor.sizes() == parameter.value.sizes() &&
             tensor.device() == parameter.value.device();
    }
    if (fits) kept.insert(*state);
  }
  parameters_ = std::move(trained);
  states_ = std::move(kept);
}

void Solver::set_parameters(const ParameterStore& store, bool keep_state) {
  std::vector<Parameter> parameters;
  for (const std::string& name : store.names()) parameters.push_back(store.at(name));
  set_parameters(parameters, keep_state);
}

std::vector<std::string> Solver::parameter_names() const {
  std::vector<std::string> names;
  for (const Parameter& parameter : parameters_) names.push_back(parameter.name);
  return names;
}

void Solver::set_learning_rate(double learning_rate) {
  check_not_negative(learning_rate, "the learning rate", type());
  learning_rate_ = learning_rate;
}

void Solver::zero_grad() {
  for (Parameter& parameter : parameters_) parameter.value.mutable_grad().reset();
}

void Solver::weight_decay(double decay) {
  check_not_negative(decay, "the weight decay", type());
  const at::NoGradGuard no_grad;
  if (decay == 0) return;
  Gradients decaying;
  for (const Parameter& parameter : parameters_) {
    if (parameter.decays) add_gradient_of(parameter, decaying);
  }
  for (size_t i = 0; i < decaying.units.size(); ++i) {
    decaying.units[i] = unit_for_pieces(decaying.units[i], decaying.values[i]);
  }
  const auto pieces =
      parameter_pieces(decaying.values, decaying.gradients, decaying.units, /*states=*/{});
  if (pieces.empty()) return add_weight_decay(decaying, decay);
  kernels::add_weight_decay(pieces, static_cast<float>(decay));
  bump_versions(decaying.gradients);
}

void Solver::scale_grad(double factor) {
  const at::NoGradGuard no_grad;
  const Gradients present = defined_gradients(parameters_);
  if (!present.gradients.empty()) at::_foreach_mul_(present.gradients, factor);
}

void Solver::clip_grad_by_norm(double max_norm) {
  check_positive(max_norm, "the norm to clip at", type());
  const at::NoGradGuard no_grad;
  const Gradients present = defined_gradients(parameters_);
  if (present.gradients.empty()) return;
  const at::Tensor factors =
      clip_factors(gradient_norms(gradients_without_units(present)), max_norm);
  at::_foreach_mul_(present.gradients, factors.unbind());
}

double Solver::clip_grad_by_global_norm(double max_norm) {
  check_positive(max_norm, "the norm to clip at", type());
  const at::NoGradGuard no_grad;
  const Gradients present = defined_gradients(parameters_);
  if (present.gradients.empty()) return 0;
  const double norm = gradient_norms(gradients_without_units(present)).norm().item<double>();
  if (norm > max_norm) at::_foreach_mul_(present.gradients, max_norm / norm);
  return norm;
}

bool Solver::check_inf_or_nan_grad() const {
  const Gradients present = defined_gradients(parameters_);
  if (present.gradients.empty()) return false;
  std::vector<at::Tensor> finite;
  for (const at::Tensor& gradient : present.gradients) {
    finite.push_back(at::isfinite(gradient).all());
  }
  return !at::stack(finite).all().item<bool>();
}

Solver::Step Solver::next_step() {
  Step step;
  const std::vector<std::string> names = state_names();
  step.states.resize(names.size());
  for (const Parameter& parameter : parameters_) {
    if (!parameter.value.grad().defined()) continue;
    ParameterState& state = states_[parameter.name];
    for (size_t i = 0; i < names.size(); ++i) {
      at::Tensor& tensor = state.tensors[names[i]];
      if (!tensor.defined()) tensor = at::zeros_like(parameter.value);
      step.states[i].push_back(tensor);
    }
    step.values.push_back(parameter.value);
    step.gradients.push_back(parameter.value.grad());
    step.units.push_back(unit_for_pieces(parameter.unit, parameter.value));
    step.counts.push_back(++state.step);
    step.decays.push_back(parameter.decays);
  }
  return step;
}

// What the rule moved without its unit gets it again.
void Solver::apply_without_units(const Step& step) {
  Step plain = step;
  for (size_t i = 0; i < step.values.size(); ++i) {
    plain.values[i] = without_unit(step.values[i], step.units[i]);
    plain.gradients[i] = gradient_without_unit(step.gradients[i], step.units[i]);
  }
  apply(plain);
  for (size_t i = 0; i < step.values.size(); ++i) {
    const at::Tensor& unit = step.units[i];
    if (!unit.defined()) continue;
    step.values[i].copy_(at::where(unit == 0, step.values[i], plain.values[i] * unit));
  }
}

void Solver::update() {
  const at::NoGradGuard no_grad;
  const Step step = next_step();
  if (step.values.empty()) return;
  const auto pieces = parameter_pieces(step.values, step.gradients, step.units, step.states);
  if (pieces.empty() || !apply_pieces(pieces, step)) apply_without_units(step);
  bump_versions(step.values);
}

SolverState Solver::state() const {
  SolverState result{type(), learning_rate_, initial_learning_rate_, states_};
  for (auto& [name, state] : result.parameters) {
    for (auto& [kind, tensor] : state.tensors) tensor = tensor.clone();
  }
  return result;
}

ParameterState Solver::checked_state(const Parameter& parameter, const ParameterState& from) const {
  ParameterState state{from.step, {}};
  for (const std::string& kind : state_names()) {
    const auto found = from.tensors.find(kind);
    OCTET_CHECK(found != from.tensors.end() && found->second.defined(), type(),
                "the state of '{}' lacks its tensor '{}'", parameter.name, kind);
    OCTET_CHECK(found->second.sizes() == parameter.value.sizes(), type(),
                "the state '{}' of '{}' has shape {}, the parameter {}", kind, parameter.name,
                to_string(Shape(found->second.sizes().vec())),
                to_string(Shape(parameter.value.sizes().vec())));
    // Laid out like the parameter, so that element-wise updates run over both in memory order.
    state.tensors[kind] = at::empty_like(parameter.value.detach()).copy_(found->second);
  }
  return state;
}

void Solver::set_state(const SolverState& state) {
  OCTET_CHECK(state.solver == type(), type(), "the state was saved by another solver, {}",
              state.solver);
  check_not_negative(state.learning_rate, "the learning rate", type());
  check_not_negative(state.initial_learning_rate, "the initial learning rate", type());
  std::map<std::string, ParameterState> states;
  for (const Parameter& parameter : parameters_) {
    const auto found = state.parameters.find(parameter.name);
    if (found == state.parameters.end()) continue;
    states[parameter.name] = checked_state(parameter, found->second);
  }
  for (const auto& [name, unused] : state.parameters) {
    OCTET_CHECK(states.count(name) == 1, type(),
                "the state is of a parameter '{}' that the solver does not have", name);
  }
  states_ = std::move(states);
  learning_rate_ = state.learning_rate;
  initial_learning_rate_ = state.initial_learning_rate;
}

}  // namespace octet
