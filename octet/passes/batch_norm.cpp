#include "octet/passes/batch_norm.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/base/logging.h"
#include "octet/passes/layer_traits.h"

namespace octet {
namespace {

at::Tensor values(const Graph& graph, VariableId id, const ParameterStore& parameters) {
  return parameters.at(graph.variable(id).name).value.detach().flatten().to(at::kDouble);
}

double square(double x) {
  return x * x;
}

}  // namespace

BatchNormInputs batch_norm_inputs(const Function& function) {
  const auto& op = std::get<BatchNormalization>(function.attributes);
  const BatchNormalizationInputs at(op, function.inputs.size());
  const auto input = [&](int index) { return index < 0 ? kNoId : function.inputs[index]; };
  return {function.inputs[0], input(at.beta), input(at.gamma), input(at.mean), input(at.variance)};
}

int64_t batch_norm_axis(const Graph& graph, FunctionId id) {
  const Function& function = graph.function(id);
  const auto& axes = std::get<BatchNormalization>(function.attributes).axes;
  if (axes.size() != 1) return -1;
  return normalize_axis(axes[0], graph.variable(function.inputs[0]).type.shape.rank(),
                        graph.display_name(id));
}

bool has_constant_statistics(const Graph& graph, FunctionId id) {
  const Function& function = graph.function(id);
  for (size_t i = 1; i < function.inputs.size(); ++i) {
    if (!is_parameter(graph, function.inputs[i])) return false;
  }
  return batch_norm_inputs(function).mean != kNoId;
}

ScaleShift scale_shift_of(const Graph& graph, FunctionId id, const ParameterStore& parameters) {
  const Function& function = graph.function(id);
  const BatchNormInputs inputs = batch_norm_inputs(function);
  const double eps = std::get<BatchNormalization>(function.attributes).eps;
  const at::Tensor mean = values(graph, inputs.mean, parameters);
  const at::Tensor variance = values(graph, inputs.variance, parameters);
  const at::Tensor constant =
      variance.ge(0) & (variance < square(kConstantDeviation) * (variance + eps));
  const at::Tensor inverse_deviation = at::rsqrt(variance + eps).masked_fill(constant, 0);
  at::Tensor scale = inverse_deviation;
  if (inputs.gamma != kNoId) scale = scale * values(graph, inputs.gamma, parameters);
  const at::Tensor beta =
      inputs.beta != kNoId ? values(graph, inputs.beta, parameters) : at::zeros_like(scale);
  const at::Tensor shift = beta - mean * scale;
  OCTET_CHECK(at::isfinite(scale).all().item<bool>() && at::isfinite(shift).all().item<bool>(),
              graph.display_name(id),
              "cannot be folded: its statistics or parameters are NaN, infinite, or a variance is "
              "negative");
  if (const int64_t count = constant.sum().item<int64_t>(); count > 0) {
    log_debug("[{}] {} of {} channels are constant and are folded into their shift",
              graph.display_name(id), count, constant.numel());
  }
  return {scale, shift, inverse_deviation, beta};
}

void shrink(ScaleShift& normalization, const at::Tensor& kept) {
  ScaleShift& n = normalization;
  n.scale = n.scale * kept;
  n.inverse_deviation = n.inverse_deviation * kept;
  n.shift = n.mean + (n.shift - n.mean) * kept;
}

void warn_of_reader_outside(const Graph& graph, FunctionId id, VariableId between) {
  log_warning("[{}] is not folded: {} is read outside of the registered outputs too",
              graph.display_name(id), graph.variable(between).name);
}

std::string batch_norm_key(const Graph& graph, FunctionId id) {
  std::string key;
  const Function& function = graph.function(id);
  for (size_t i = 1; i < function.inputs.size(); ++i) {
    key += graph.variable(function.inputs[i]).name + "\n";
  }
  return key;
}

}  // namespace octet
