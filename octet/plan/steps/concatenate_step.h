// Concatenate of floats, QuantizedConcatenate of bytes, and Slice along one dimension: values that
// lie side by side.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

bool add_concatenate(Builder& builder, FunctionId id);

bool add_quantized_concatenate(Builder& builder, FunctionId id);

// Of floats or bytes, with step 1.
bool add_slice(Builder& builder, FunctionId id);

}  // namespace octet::plan
