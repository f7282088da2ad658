// The part of recover_layers() that is about weights.
#pragma once

#include "octet/graph/graph.h"
#include "octet/graph/parameter_store.h"

namespace octet {

// Transpose(DequantizeLinear(w, s, z)), w a parameter or QuantizeLinear of one, becomes
// DequantizeLinear of transposed parameters; so does a Reshape where there is one scale. A weight
// that something else reads too stays as it is.
void move_into_weights(Graph& graph, ParameterStore& parameters);

}  // namespace octet
