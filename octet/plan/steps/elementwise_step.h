// ReLU and Add2 in float32, in the layout that their input has.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

bool add_relu(Builder& builder, FunctionId id);
// False where one operand is broadcast.
bool add_sum(Builder& builder, FunctionId id);

}  // namespace octet::plan
