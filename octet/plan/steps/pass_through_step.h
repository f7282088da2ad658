// Functions whose result is their input: Identity, and Recorder, which looks at it.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

bool add_identity(Builder& builder, FunctionId id);
bool add_recorder(Builder& builder, FunctionId id);

}  // namespace octet::plan
