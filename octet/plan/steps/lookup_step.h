// QuantizedLookup: any function of one value, by a table of its bytes.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

// False for a table that does not begin at the lowest integer of its input, and for one without
// slopes where a gradient is wanted.
bool add_lookup(Builder& builder, FunctionId id);

}  // namespace octet::plan
