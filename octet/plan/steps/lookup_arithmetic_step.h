// A sum, difference or product of integers x and of a QuantizedLookup of the same x: Swish and its
// like, as ONNX writes them. Of one byte that is one table more.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

// The lookup's own step stays for others that read it.
bool add_lookup_arithmetic(Builder& builder, FunctionId id);

}  // namespace octet::plan
