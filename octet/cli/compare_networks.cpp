#include "octet/cli/compare_networks.h"

#include <ATen/ATen.h>

#include <set>

#include "octet/base/error.h"
#include "octet/cli/network_inputs.h"
#include "octet/graph/interpreter.h"
#include "octet/targets/integer_values.h"
#include "octet/targets/quantized_value.h"

namespace octet::cli {

namespace {

// The integers that the outputs depend on, in the order of the graph.
std::vector<VariableId> computed_integers(const Graph& graph, VariableId output) {
  const std::map<VariableId, IntegerQParams> integers = integer_values(graph);
  std::vector<VariableId> computed;
  for (const FunctionId id : graph.topological_order({output})) {
    for (const VariableId value : graph.function(id).outputs) {
      if (value != output && integers.contains(value)) computed.push_back(value);
    }
  }
  return computed;
}

// The outputs one after the other, as an engine runs them.
std::vector<at::Tensor> run_in_engine(const Model& model, const Values& inputs, Engine& engine,
                                      const ValueObserver& observe) {
  const Graph& graph = model.graph;
  RandomState random(0);
  std::vector<at::Tensor> outputs;
  std::set<VariableId> seen;
  const auto show = [&](VariableId id, const at::Tensor& value) {
    const bool computed = graph.variable(id).kind == VariableKind::kActivation;
    if (computed && seen.insert(id).second) observe(id, value);
  };
  for (const VariableId output : graph.outputs()) {
    RunOptions options{.gradients = false, .keep = {}, .observer = {}};
    if (graph.variable(output).kind != VariableKind::kActivation) {
      outputs.push_back(
          octet::run(graph, *model.parameters, inputs, {output}, random, options).at(output));
      continue;
    }
    options.keep = computed_integers(graph, output);
    const Values results =
        engine.forward(graph, *model.parameters, inputs, output, random, options);
    for (const VariableId id : options.keep) show(id, results.at(id));
    show(output, results.at(output));
    outputs.push_back(results.at(output));
  }
  return outputs;
}

std::vector<at::Tensor> run_observed(const Model& model, const std::vector<at::Tensor>& inputs,
                                     const std::shared_ptr<Engine>& engine,
                                     const ValueObserver& observe) {
  const Graph& graph = model.graph;
  const std::vector<VariableId> ids = network_inputs(graph);
  OCTET_CHECK(ids.size() == inputs.size(), graph.name(), "takes {} inputs, not {}", ids.size(),
              inputs.size());
  Values values;
  for (size_t i = 0; i < ids.size(); ++i) values[ids[i]] = inputs[i];
  if (engine != nullptr) return run_in_engine(model, values, *engine, observe);
  RandomState random(0);
  RunOptions options{.gradients = false, .keep = {}, .observer = {}};
  options.observer = [&](FunctionId id, const std::vector<at::Tensor>& results) {
    for (size_t i = 0; i < results.size(); ++i) {
      observe(graph.function(id).outputs[i], results[i]);
    }
  };
  const Values results =
      octet::run(graph, *model.parameters, values, graph.outputs(), random, options);
  std::vector<at::Tensor> outputs;
  for (const VariableId id : graph.outputs()) outputs.push_back(results.at(id));
  return outputs;
}

}  // namespace

NetworkComparison::NetworkComparison(const Model& model, std::shared_ptr<Engine> engine)
    : model_(model), engine_(std::move(engine)) {
  const Graph& graph = model.graph;
  const auto scale_at = [&](const Function& function, size_t index) {
    return constant_value(graph, *model.parameters, function.inputs[index]);
  };
  // Integers count by themselves.
  for (const auto& [value, qparams] : integer_values(graph)) scales_[value] = at::ones({});
  for (const FunctionId id : graph.topological_order(graph.outputs())) {
    const Function& function = graph.function(id);
    order_.insert(order_.end(), function.outputs.begin(), function.outputs.end());
    if (std::holds_alternative<DequantizeLinear>(function.attributes)) {
      scales_.emplace(function.outputs[0], scale_at(function, 1));
    } else if (std::holds_alternative<QuantizeLinear>(function.attributes)) {
      // The float value that integers are made from.
      scales_.emplace(function.inputs[0], scale_at(function, 1));
    }
  }
}

at::Tensor NetworkComparison::scale_of(VariableId id) const {
  const auto found = scales_.find(id);
  return found == scales_.end() ? at::Tensor() : found->second;
}

void NetworkComparison::add(const std::vector<at::Tensor>& inputs,
                            const std::vector<at::Tensor>& outputs_b, const NamedValues& values_b,
                            const ValueObserver& observer) {
  const auto compare = [&](VariableId id, const at::Tensor& value) {
    if (observer) observer(id, value);
    const auto other = values_b.find(model_.graph.variable(id).name);
    if (other == values_b.end() || other->second.sizes() != value.sizes()) return;
    differences_[id].add(value, other->second, scale_of(id));
  };
  compare_outputs(run_observed(model_, inputs, engine_, compare), outputs_b);
}

void NetworkComparison::compare_outputs(const std::vector<at::Tensor>& a,
                                        const std::vector<at::Tensor>& b) {
  OCTET_CHECK(a.size() == b.size(), "verify", "A has {} outputs, B has {}", a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    OCTET_CHECK(a[i].sizes() == b[i].sizes(), "verify", "output {} is {} in A and {} in B", i,
                to_string(Shape(a[i].sizes().vec())), to_string(Shape(b[i].sizes().vec())));
    overall_.add(a[i], b[i], scale_of(model_.graph.outputs()[i]));
    if (a[i].dim() != 2 || a[i].size(1) < 2) continue;
    rows_ += a[i].size(0);
    agreeing_ += (a[i].argmax(1) == b[i].argmax(1)).sum().item<int64_t>();
  }
}

std::vector<LayerDifference> NetworkComparison::layers() const {
  std::vector<LayerDifference> layers;
  for (const VariableId id : order_) {
    const auto found = differences_.find(id);
    if (found == differences_.end()) continue;
    const Variable& variable = model_.graph.variable(id);
    const Function& function = model_.graph.function(variable.producer);
    layers.push_back({variable.name, std::string(type_name(function.attributes)), found->second});
  }
  return layers;
}

double NetworkComparison::top1_agreement() const {
  return rows_ == 0 ? -1 : 100.0 * static_cast<double>(agreeing_) / static_cast<double>(rows_);
}

RunResult run_with_values(const Model& model, const std::vector<at::Tensor>& inputs,
                          const std::shared_ptr<Engine>& engine) {
  RunResult result;
  result.outputs = run_observed(model, inputs, engine, [&](VariableId id, const at::Tensor& value) {
    result.values[model.graph.variable(id).name] = value;
  });
  return result;
}

}  // namespace octet::cli
