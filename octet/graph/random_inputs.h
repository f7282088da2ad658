// Values to try a network on.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "octet/graph/graph.h"

namespace octet {

// What graph.outputs() depend on and is given from outside, in the order of first use.
std::vector<VariableId> network_inputs(const Graph& graph);

// Values of the right shapes and types for each of network_inputs(), the same in each call: floats
// from -1 to 1; zeros for integers and for what some function reads as positions, labels or
// lengths, through other functions too. A free batch is 2, other free dimensions are large enough
// for what images go through. Linear in the graph.
std::vector<at::Tensor> random_inputs(const Graph& graph);

}  // namespace octet
