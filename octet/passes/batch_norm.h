// A batch normalization as what it is in inference: y = scale * x + shift for each channel.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "octet/graph/graph.h"
#include "octet/graph/parameter_store.h"

namespace octet {

// The inputs of a BatchNormalization by their meaning; kNoId for what is left out: by no_scale, by
// no_bias, or the statistics of one that uses those of the batch.
struct BatchNormInputs {
  VariableId x = kNoId;
  VariableId beta = kNoId;
  VariableId gamma = kNoId;
  VariableId mean = kNoId;
  VariableId variance = kNoId;
};
// For a BatchNormalization.
BatchNormInputs batch_norm_inputs(const Function& function);

// The axis that the statistics belong to, counted from the front; -1 if there are several.
int64_t batch_norm_axis(const Graph& graph, FunctionId id);

// Whether there are a running mean and variance, and they, beta and gamma are parameters, so that
// their values are known.
bool has_constant_statistics(const Graph& graph, FunctionId id);

// A channel whose normalized values deviate by less than this, as a standard deviation, is
// constant: sqrt(variance / (variance + eps)) < kConstantDeviation. Over a range of +-3 standard
// deviations of its neighbours that is a 24th of a quantization step of 8 bits.
inline constexpr double kConstantDeviation = 1e-3;

// scale = gamma / sqrt(variance + eps), shift = beta - mean * scale, with the running statistics;
// float64, shape (C), computed from the values in the store.
//
// A constant channel (one behind a dead ReLU, most often) has scale 0 and shift beta. By the
// formula its scale is gamma / sqrt(eps), hundreds of times that of its neighbours, and a folded
// weight that holds both is quantized to zero everywhere else (Sheng et al. 2018, A
// Quantization-Friendly Separable Convolution for MobileNets, section 3).
struct ScaleShift {
  at::Tensor scale;
  at::Tensor shift;
  at::Tensor inverse_deviation;  // 1 / sqrt(variance + eps): the scale without gamma
  at::Tensor mean;               // of what the normalization gives: beta, or 0
};
ScaleShift scale_shift_of(const Graph& graph, FunctionId id, const ParameterStore& parameters);

// Leaves of each channel's deviations from its mean the share `kept` (C), 0 .. 1: what a
// normalization with the variance (variance + eps) / kept^2 - eps gives.
void shrink(ScaleShift& normalization, const at::Tensor& kept);

// Logs that the normalization stays, although it could be folded, because a function outside of the
// registered outputs reads `between`, a value that folding takes away.
void warn_of_reader_outside(const Graph& graph, FunctionId id, VariableId between);

// The names of all parameters that the normalization uses: together with the weight's they say
// what a folded parameter was computed from.
std::string batch_norm_key(const Graph& graph, FunctionId id);

}  // namespace octet
