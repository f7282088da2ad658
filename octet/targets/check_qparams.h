// The numbers of a quantized network, as a file holds them.
#pragma once

#include "octet/graph/graph.h"
#include "octet/graph/parameter_store.h"

namespace octet {

// Looks at every constant scale and zero point that graph.outputs() depend on. Throws FileError
// "[path] ..." for a scale that is not a positive number and for a zero point that is no integer of
// its value's type. Logs a warning, naming the value, where the numbers are well defined but not
// those of a network that was converted as a whole: integers that are read with another scale than
// they were made with, a bias whose scale is not that of its layer's sums, and, if
// `converted_here`, operands of an Add2 or Concatenate that do not share their scale. Of each kind
// there is one line, which counts the others.
void check_qparams(const Graph& graph, const ParameterStore& parameters, const std::string& path,
                   bool converted_here);

}  // namespace octet
