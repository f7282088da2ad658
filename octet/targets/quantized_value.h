// Quantize/Dequantize pairs, read from a graph.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "octet/graph/graph.h"
#include "octet/graph/parameter_store.h"

namespace octet {

// A value behind a DequantizeLinear.
struct QuantizedValue {
  static constexpr int64_t kManyAxes = -2;

  VariableId source = kNoId;  // what is quantized; without a QuantizeLinear, the integers
  // kNoId where the integers are stored (a deployed weight) or come from a function of integers.
  FunctionId quantize = kNoId;
  FunctionId dequantize = kNoId;
  VariableId scale = kNoId;
  VariableId zero_point = kNoId;
  QuantFormat format;
  RoundMode round_mode = RoundMode::HALF_TO_EVEN;
  int64_t axis = -1;  // of the scales: -1 one for all, kManyAxes along more than one
};

// Nothing unless the value is the output of a DequantizeLinear over integers.
std::optional<QuantizedValue> quantized_value(const Graph& graph, VariableId value);

// The tensor of a parameter, without gradient; undefined for any other value.
at::Tensor constant_value(const Graph& graph, const ParameterStore& parameters, VariableId value);

// Whether a bias with the scale `b` can be added to the accumulator of a layer: b is the product of
// the scales of input and weight, as integer kernels take for granted. `repeats`: those of the
// layer (passes/layer_traits.h). True where one of the three is not known (undefined) or the input
// has several scales.
bool fits_accumulator(const at::Tensor& b, const at::Tensor& x, const at::Tensor& w,
                      int64_t repeats);

// Whether the function is none of the network's layers: it quantizes, dequantizes, or makes a
// scale.
bool carries_quantization(const Attributes& attributes);

}  // namespace octet
