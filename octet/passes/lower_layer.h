// Layers with weights as integer functions: a part of lower_int8.
#pragma once

#include "octet/passes/dequantized_value.h"

namespace octet {

// The integers that a layer computes with. bias is kNoId where it has none.
struct LayerIntegers {
  Integers x;
  Integers w;
  VariableId bias = kNoId;
  // With keep_float_biases: a bias in real numbers, which the layer's sums do not hold.
  VariableId float_bias = kNoId;
};

// Nothing for a layer without Q/DQ on its input and its weight, one with a zero point on the
// weight, and one with a bias that is not, and cannot be made, int32 with scale sx * sw. A float
// bias is quantized in the graph.
std::optional<LayerIntegers> layer_integers(Graph& graph, FunctionId layer, PassContext& ctx);

// The float bias in units of sx * sw, which an integer layer adds to its sums as it is.
VariableId bias_in_steps(Graph& graph, FunctionId layer, const LayerIntegers& integers);

// The integer layer's attributes, with `output` as what it gives.
Attributes integer_layer(const Attributes& layer, const QuantizeLinear& output,
                         std::string_view activation);

// The inputs of the integer layer.
std::vector<VariableId> integer_layer_inputs(const LayerIntegers& integers, VariableId y_scale,
                                             VariableId y_zero_point);

// Scale sx * sw and zero point 0 of the layer's accumulators, in the rank of its output: parameters
// beside the weight's scale, made once.
Integers accumulator_qparams(Graph& graph, FunctionId layer, const LayerIntegers& integers,
                             PassContext& ctx);

// The integers of a parameter as they are now; undefined for what is computed from several or from
// values that flow.
at::Tensor integers_now(const Graph& graph, VariableId q, const PassContext& ctx);

// Warns, naming the layer, if its accumulators may pass what int32 holds.
void warn_of_overflow(const Graph& graph, FunctionId layer, const LayerIntegers& integers,
                      const PassContext& ctx);

}  // namespace octet
