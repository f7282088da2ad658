// QuantizedAdd2, QuantizedSub2 and QuantizedMul2 of two values of one shape, or of an image and one
// number for each of its channels; Requantize.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

// False where an operand is broadcast otherwise, or is no 8-bit integer with one scale.
bool add_quantized_arithmetic(Builder& builder, FunctionId id);
bool add_change_of_scale(Builder& builder, FunctionId id);

}  // namespace octet::plan
