// Parameters that a network names but that no file holds.
#pragma once

#include "octet/formats/nnp/network_declarations.h"
#include "octet/graph/parameter_store.h"

namespace octet {

// Makes the parameter by its initializer if the store has none of that name. Supported are NNabla's
// Constant, Normal, Uniform, Range, and the He and Glorot families for affine layers, convolutions
// and channel-last convolutions. Throws
// FileError for a parameter that has neither data nor an initializer, and for an unknown one.
void create_missing_parameter(const DeclaredVariable& variable, ParameterStore& parameters);

}  // namespace octet
