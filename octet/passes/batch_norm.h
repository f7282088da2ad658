// A batch normalization as what it is in inference: y = scale * x + shift for each channel.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "octet/graph/graph.h"
#include "octet/graph/parameter_store.h"

namespace octet {

// The inputs of a BatchNormalization or FusedBatchNormalization by their meaning; kNoId for what
// no_scale or no_bias leave out.
struct BatchNormInputs {
  VariableId x = kNoId;
  VariableId beta = kNoId;
  VariableId gamma = kNoId;
  VariableId mean = kNoId;
  VariableId variance = kNoId;
};
BatchNormInputs batch_norm_inputs(const Function& function);

// The axis that the statistics belong to, counted from the front; -1 if there are several.
int64_t batch_norm_axis(const Graph& graph, FunctionId id);

// Whether beta, gamma, mean and variance are parameters, so that their values are known.
bool has_constant_statistics(const Graph& graph, FunctionId id);

// scale = gamma / sqrt(variance + eps), shift = beta - mean * scale, with the running statistics;
// float64, shape (C), computed from the values in the store.
struct ScaleShift {
  at::Tensor scale;
  at::Tensor shift;
};
ScaleShift scale_shift_of(const Graph& graph, FunctionId id, const ParameterStore& parameters);

// The names of all parameters that the normalization uses: together with the weight's they say
// what a folded parameter was computed from.
std::string batch_norm_key(const Graph& graph, FunctionId id);

}  // namespace octet
