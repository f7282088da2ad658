// Reshape and Transpose of bytes, in the plain layout.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

bool add_rearrange(Builder& builder, FunctionId id);

}  // namespace octet::plan
