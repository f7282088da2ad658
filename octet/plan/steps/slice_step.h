// Slice of floats or bytes along one dimension, with step 1: a part of what lies side by side.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

bool add_slice(Builder& builder, FunctionId id);

}  // namespace octet::plan
