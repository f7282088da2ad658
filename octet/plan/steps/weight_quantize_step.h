// QuantizeLinear of a parameter: the integers of a weight or a bias, as whole floats.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

// False for what is no parameter, and for scales along more than one axis.
bool add_weight_quantize(Builder& builder, FunctionId id);

}  // namespace octet::plan
