// One run of a network by the reference interpreter or by plans, for comparing the two.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "octet/graph/interpreter.h"
#include "octet/plan/plan_engine.h"

namespace octet {

// What one forward and backward pass of a network gives.
struct RunResult {
  Values values;
  std::map<std::string, at::Tensor> gradients;
};

// The network is run with `engine` (null: the reference) for the sum of `output`'s elements times
// fixed random numbers, so that every element has a gradient of its own.
inline RunResult run_once(const Graph& graph, const ParameterStore& parameters, VariableId output,
                          const Values& inputs, const std::vector<VariableId>& keep,
                          const std::shared_ptr<Engine>& engine) {
  auto store = std::make_shared<ParameterStore>(parameters.clone());
  RandomState random(3);
  RunOptions options{.gradients = true, .keep = keep, .observer = {}};
  RunResult result;
  if (engine == nullptr) {
    result.values = run(graph, *store, inputs, {output}, random, options);
    result.values.at(output).sum().backward();
  } else {
    result.values = engine->forward(graph, *store, inputs, output, random, options);
    engine->backward(graph, *store, output);
  }
  for (const std::string& name : store->names()) {
    const at::Tensor gradient = store->at(name).value.grad();
    if (gradient.defined()) result.gradients[name] = gradient.clone();
  }
  return result;
}

// In units of the largest magnitude.
inline double relative_difference(const at::Tensor& a, const at::Tensor& b) {
  const double scale = std::max(a.abs().max().item<double>(), 1e-30);
  return (a - b).abs().max().item<double>() / scale;
}

// Gradients in float32 are what can be compared with the reference's by eps.
inline std::shared_ptr<plan::PlanEngine> poisoned_engine(
    plan::GradientArithmetic gradients = plan::GradientArithmetic::kFloat32) {
  return std::make_shared<plan::PlanEngine>(
      plan::PlanEngineOptions{.poisoned = true, .gradients = gradients});
}

}  // namespace octet
