// Which values of a graph are integers that stand for real numbers, and for which.
#pragma once

#include <map>

#include "octet/graph/graph.h"

namespace octet {

// The value's integers q stand for (q - zero_point) * scale; both have its rank or one value.
struct IntegerQParams {
  VariableId scale = kNoId;
  VariableId zero_point = kNoId;
};

// Those of all values that graph.outputs() depend on: what a QuantizeLinear or an integer function
// gives, what a DequantizeLinear or an integer function reads, and what only moves such integers
// about in between. The numbers are those of the function that gives them, else of a reader. The
// weights and biases of integer functions, whose scales have no zero point, are not among them.
std::map<VariableId, IntegerQParams> integer_values(const Graph& graph);

// The integers that a DequantizeLinear or an integer function reads, each with the scale and the
// zero point that it takes them to have.
std::vector<std::pair<VariableId, IntegerQParams>> integer_inputs(const Graph& graph,
                                                                  FunctionId id);

// Whether any value of the network is quantized.
bool is_quantized(const Graph& graph);

}  // namespace octet
