#include "octet/graph/interpreter.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "octet/base/error.h"

namespace octet {

const at::Tensor& checked_input(const Graph& graph, VariableId id, const Values& inputs) {
  const Variable& variable = graph.variable(id);
  const auto given = inputs.find(id);
  OCTET_CHECK(given != inputs.end() && given->second.defined(), variable.name,
              "the network's input has no value");
  const Shape& shape = variable.type.shape;
  const at::Tensor& value = given->second;
  bool fits = value.dim() == shape.rank();
  for (int64_t i = 0; fits && i < shape.rank(); ++i) {
    // The first dimension is the batch: any size runs, whatever the network was built with.
    fits = i == 0 || shape[i] == kFreeDim || value.size(i) == shape[i];
  }
  OCTET_CHECK(fits, variable.name, "the input has shape {}, the network expects {}",
              to_string(Shape(value.sizes().vec())), to_string(shape));
  return value;
}

OutputTensors run_function(const Attributes& attributes, InputTensors inputs,
                           ForwardContext& context) {
  try {
    return run_forward(attributes, inputs, context);
  } catch (const c10::Error& error) {
    throw Error(fmt::format("[{}] {}: {}", context.where, type_name(attributes),
                            error.what_without_backtrace()));
  } catch (const Error&) {
    throw;
  } catch (const std::runtime_error& error) {
    // Some of ATen's checks throw this (libtorch 1.13: a shape that does not fit).
    throw Error(fmt::format("[{}] {}: {}", context.where, type_name(attributes), error.what()));
  }
}

namespace {

class Run {
 public:
  Run(const Graph& graph, ParameterStore& parameters, const Values& inputs,
      const std::vector<VariableId>& outputs, RandomState& random, const RunOptions& options)
      : graph_(graph), parameters_(parameters), options_(options), outputs_(outputs) {
    context_.random = &random;
    context_.device = parameters.device();
    for (const VariableId id : graph.leaves(outputs)) {
      values_[id] = graph.variable(id).kind == VariableKind::kInput
                        ? checked_input(graph, id, inputs).to(parameters.device())
                        : parameters.at(graph.variable(id).name).value;
    }
  }

  Values execute() {
    const std::vector<FunctionId> order = graph_.topological_order(outputs_);
    count_readers(order);
    for (const FunctionId id : order) step(id);
    return std::move(values_);
  }

 private:
  void count_readers(const std::vector<FunctionId>& order) {
    for (const FunctionId id : order) {
      for (const VariableId input : graph_.function(id).inputs) ++readers_[input];
    }
    for (const VariableId id : outputs_) ++readers_[id];
    for (const VariableId id : options_.keep) ++readers_[id];
  }

  void step(FunctionId id) {
    const Function& function = graph_.function(id);
    std::vector<at::Tensor> inputs;
    inputs.reserve(function.inputs.size());
    for (const VariableId input : function.inputs) inputs.push_back(values_.at(input));
    context_.where = graph_.display_name(id);
    OutputTensors results = run_function(function.attributes, inputs, context_);
    if (options_.observer) options_.observer(id, results);
    for (size_t i = 0; i < results.size(); ++i) {
      if (readers_[function.outputs[i]] > 0) values_[function.outputs[i]] = std::move(results[i]);
    }
    for (const VariableId input : function.inputs) {
      if (--readers_[input] == 0) values_.erase(input);
    }
  }

  const Graph& graph_;
  ParameterStore& parameters_;
  const RunOptions& options_;
  const std::vector<VariableId>& outputs_;
  Values values_;
  std::unordered_map<VariableId, int> readers_;
  ForwardContext context_;
};

}  // namespace

Values run(const Graph& graph, ParameterStore& parameters, const Values& inputs,
           const std::vector<VariableId>& outputs, RandomState& random, const RunOptions& options) {
  const at::AutoGradMode grad_mode(options.gradients);
  return Run(graph, parameters, inputs, outputs, random, options).execute();
}

}  // namespace octet
