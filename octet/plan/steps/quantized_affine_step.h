// QuantizedAffine.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

// False unless x is of 8-bit integers with one scale.
bool add_quantized_affine(Builder& builder, FunctionId id);

}  // namespace octet::plan
