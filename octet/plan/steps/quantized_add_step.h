// QuantizedAdd2 of two values of one shape, and Requantize.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

// False where one operand is broadcast, or is no 8-bit integer with one scale.
bool add_quantized_add(Builder& builder, FunctionId id);
bool add_change_of_scale(Builder& builder, FunctionId id);

}  // namespace octet::plan
