// Parameters that a network names but that no file holds.
#pragma once

#include "octet/formats/nnp/network_declarations.h"
#include "octet/graph/parameter_store.h"

namespace octet {

// Makes the parameter by its initializer if the store has none of that name. Supported are
// Constant, Normal, Uniform, and the fan-based ones whose rule graph/initializer.h has. Throws
// FileError for a parameter that has neither data nor an initializer, and for an unknown one.
void create_missing_parameter(const DeclaredVariable& variable, ParameterStore& parameters);

}  // namespace octet
