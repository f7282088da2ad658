#include "octet/plan/plan.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/graph/interpreter.h"
#include "octet/kernels/integer_gradients.h"
#include "octet/plan/stopwatch.h"

namespace octet::plan {

using kernels::Layout;

Plan::Plan(Parts parts) : parts_(std::move(parts)) {
  for (const auto& step : parts_.steps) {
    step->context = {.values = &parts_.values,
                     .arena = &parts_.arena,
                     .gradients = parts_.gradients,
                     .forward = &context_};
  }
  if (parts_.gradients) plan_gradients();
  plan_memory();
  bind_memory();
}

// Which steps leave gradients where: backwards through the plan, a value's first writer sets its
// gradient and those behind add to it. Steps that the output does not depend on get none.
void Plan::plan_gradients() {
  std::vector<bool> written(parts_.values.size(), false);
  if (!parts_.values[parts_.output].needs_gradient) return;
  written[parts_.output] = true;
  // Those of parameters are tensors of their own.
  if (parts_.bfloat16) choose_gradient_types();
  const auto add_gradient = [&](ValueId id) {
    Value& value = parts_.values[id];
    if (value.is_leaf || value.gradient_buffer != kNoId) return;
    value.gradient_buffer = parts_.arena.add(value.gradient_bytes());
  };
  add_gradient(parts_.output);
  for (auto step = parts_.steps.rbegin(); step != parts_.steps.rend(); ++step) {
    bool reached = false;
    for (const ValueId id : (*step)->outputs()) reached = reached || written[id];
    if (!reached) continue;
    for (size_t i = 0; i < (*step)->inputs().size(); ++i) {
      const ValueId id = (*step)->inputs()[i];
      if (!parts_.values[id].needs_gradient) continue;
      GradientTarget target{.input = i, .accumulate = written[id]};
      if (target.accumulate) {
        target.scratch = parts_.arena.add(parts_.values[id].gradient_bytes());
        (*step)->memory.backward_scratch.push_back(target.scratch);
      }
      written[id] = true;
      add_gradient(id);
      (*step)->gradient_targets.push_back(target);
    }
    if (!(*step)->gradient_targets.empty()) (*step)->plan_backward(parts_.arena);
  }
}

void Plan::choose_gradient_types() {
  std::vector<bool> possible(parts_.values.size(), false);
  for (const auto& step : parts_.steps) {
    for (const ValueId id : step->outputs()) possible[id] = step->takes_bfloat16();
    for (size_t i = 0; i < step->inputs().size(); ++i) {
      const ValueId id = step->inputs()[i];
      possible[id] = possible[id] && step->gives_bfloat16(i);
    }
  }
  possible[parts_.output] = false;
  for (size_t id = 0; id < possible.size(); ++id) {
    parts_.values[id].bfloat16_gradient = possible[id];
  }
}

// Step i runs at time i, and backwards at 2n - 1 - i.
void Plan::plan_memory() {
  Arena& arena = parts_.arena;
  const auto n = static_cast<int64_t>(parts_.steps.size());
  const auto need = [&](BufferId id, int64_t time) {
    if (id != kNoId) arena.plan(id).need_at(time);
  };
  for (int64_t i = 0; i < n; ++i) {
    const Step& step = *parts_.steps[i];
    for (const ValueId id : step.inputs()) need(parts_.values[id].buffer, i);
    for (const ValueId id : step.outputs()) need(parts_.values[id].buffer, i);
    for (const BufferId id : step.memory.forward_scratch) need(id, i);
    for (const BufferId id : step.memory.kept) need(id, i);
    if (step.gradient_targets.empty()) continue;
    const int64_t back = 2 * n - 1 - i;
    for (const ValueId id : step.memory.saved) need(parts_.values[id].buffer, back);
    for (const BufferId id : step.memory.kept) need(id, back);
    for (const BufferId id : step.memory.backward_scratch) need(id, back);
    for (const ValueId id : step.outputs()) need(parts_.values[id].gradient_buffer, back);
    for (const GradientTarget& target : step.gradient_targets) {
      need(parts_.values[step.inputs()[target.input]].gradient_buffer, back);
    }
  }
  // Given back behind the forward pass, and the gradient that begins the backward pass.
  for (const auto& [variable, id] : parts_.kept) need(parts_.values[id].buffer, n);
  need(parts_.values[parts_.output].gradient_buffer, n);
  arena.allocate(parts_.poisoned);
}

void Plan::bind_memory() {
  for (Value& value : parts_.values) {
    if (value.buffer != kNoId) {
      value.data = parts_.arena.pointer(value.buffer);
      if (value.layout == Layout::kPlain) {
        value.tensor = at::from_blob(value.data, value.shape,
                                     value.type == ElementType::kFloat32
                                         ? at::kFloat
                                         : (value.is_signed() ? at::kChar : at::kByte));
      }
    }
    if (value.gradient_buffer != kNoId) {
      void* gradient = parts_.arena.pointer(value.gradient_buffer);
      if (value.bfloat16_gradient) {
        value.half_gradient = static_cast<kernels::BFloat16*>(gradient);
      } else {
        value.gradient = static_cast<float*>(gradient);
      }
    }
  }
  parameter_gradients_.resize(parts_.values.size());
  forward_seconds_.assign(parts_.steps.size(), 0);
  backward_seconds_.assign(parts_.steps.size(), 0);
}

void Plan::bind_leaf(Value& value, ParameterStore& parameters, const Values& inputs) {
  if (value.is_input) {
    value.tensor = inputs.at(value.variable).detach().contiguous();
    // Images may come as bytes or doubles; kernels read what the graph says.
    if (value.is_float()) value.tensor = value.tensor.to(at::kFloat);
  } else if (value.data != nullptr && !value.parameter.defined()) {
    return;  // was derived when the plan was made, and stays as it is
  } else if (const auto derived = parts_.derived.find(value.name);
             derived != parts_.derived.end()) {
    value.tensor = derived->second;
  } else {
    const at::Tensor& parameter = parameters.at(value.name).value;
    // The view of the last run sees what has been written since.
    if (value.parameter.is_same(parameter) && value.data == parameter.data_ptr()) return;
    value.parameter = parameter;
    value.tensor = parameter.detach().contiguous();
  }
  value.data = value.tensor.data_ptr();
}

Values Plan::forward(ParameterStore& parameters, const Values& inputs, RandomState& random) {
  ready_for_backward_ = false;
  context_.random = &random;
  context_.device = parameters.device();
  for (const ValueId id : parts_.leaves) bind_leaf(parts_.values[id], parameters, inputs);
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < parts_.steps.size(); ++i) {
    const Stopwatch watch;
    parts_.steps[i]->forward();
    if (profiling_) forward_seconds_[i] += watch.seconds();
  }
  Values results;
  for (const auto& [variable, id] : parts_.kept)
    results[variable] = parts_.values[id].tensor.clone();
  ready_for_backward_ = parts_.gradients && parts_.values[parts_.output].needs_gradient;
  return results;
}

// A parameter's gradient lies in a tensor that stays from step to step, unless somebody still
// holds it.
void Plan::bind_parameter_gradients(ParameterStore& parameters) {
  for (const ValueId id : parts_.leaves) {
    Value& value = parts_.values[id];
    if (!value.needs_gradient) continue;
    at::Tensor& gradient = parameter_gradients_[id];
    const at::Tensor& parameter = parameters.at(value.name).value;
    const bool in_use = gradient.defined() && gradient.use_count() > 1;
    if (!gradient.defined() || in_use) gradient = at::empty(parameter.sizes(), at::kFloat);
    value.gradient = gradient.data_ptr<float>();
  }
}

void Plan::hand_over_gradients(ParameterStore& parameters) {
  std::vector<bool> written(parts_.values.size(), false);
  written[parts_.output] = true;
  for (const auto& step : parts_.steps) {
    for (const GradientTarget& target : step->gradient_targets) {
      written[step->inputs()[target.input]] = true;
    }
  }
  for (const ValueId id : parts_.leaves) {
    if (!parts_.values[id].needs_gradient || !written[id]) continue;
    at::Tensor& held = parameters.at(parts_.values[id].name).value.mutable_grad();
    if (held.defined()) {
      held.add_(parameter_gradients_[id]);
    } else {
      held = parameter_gradients_[id];
    }
  }
}

bool Plan::is_stale(const ParameterStore& parameters) const {
  return std::any_of(parts_.sources.begin(), parts_.sources.end(), [&](const auto& source) {
    const Parameter* parameter = parameters.find(source.first);
    return parameter == nullptr || parameter->value._version() != source.second;
  });
}

void Plan::run_backward(size_t index) {
  Step& step = *parts_.steps[index];
  if (step.gradient_targets.empty()) return;
  step.backward();
  for (const GradientTarget& target : step.gradient_targets) {
    if (!target.accumulate) continue;
    const Value& value = parts_.values[step.inputs()[target.input]];
    kernels::Gradient more = value.any_gradient();
    more.data = parts_.arena.pointer(target.scratch);
    kernels::add_gradient(more, value.any_gradient(), value.elements());
  }
}

void Plan::backward(ParameterStore& parameters) {
  OCTET_INTERNAL_CHECK(ready_for_backward_);
  ready_for_backward_ = false;
  const at::NoGradGuard no_grad;
  bind_parameter_gradients(parameters);
  Value& output = parts_.values[parts_.output];
  std::fill_n(output.gradient, output.elements(), 1.0F);
  for (size_t i = parts_.steps.size(); i-- > 0;) {
    const Stopwatch watch;
    run_backward(i);
    if (profiling_) backward_seconds_[i] += watch.seconds();
  }
  hand_over_gradients(parameters);
}

void Plan::begin_profile() {
  profiling_ = true;
  std::fill(forward_seconds_.begin(), forward_seconds_.end(), 0);
  std::fill(backward_seconds_.begin(), backward_seconds_.end(), 0);
  for (const auto& step : parts_.steps) step->reset_primitive_seconds();
}

std::vector<StepProfile> Plan::profile() const {
  std::vector<StepProfile> rows;
  for (size_t i = 0; i < parts_.steps.size(); ++i) {
    const Step& step = *parts_.steps[i];
    StepProfile row{.layer = step.name(),
                    .kernel = step.kernel(),
                    .forward_seconds = forward_seconds_[i],
                    .backward_seconds = backward_seconds_[i],
                    .primitive_seconds = step.primitive_seconds(),
                    .multiply_accumulates = step.multiply_accumulates()};
    const auto add_bytes = [&](ValueId id) {
      const Value& value = parts_.values[id];
      row.bytes += value.elements() * bytes_per_element(value.type);
    };
    for (const ValueId id : step.inputs()) add_bytes(id);
    for (const ValueId id : step.outputs()) add_bytes(id);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace octet::plan
