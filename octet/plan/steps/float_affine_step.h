// Affine in float32.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

bool add_float_affine(Builder& builder, FunctionId id);

}  // namespace octet::plan
