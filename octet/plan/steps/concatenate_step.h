// Concatenate of floats and QuantizedConcatenate of bytes.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

bool add_concatenate(Builder& builder, FunctionId id);

bool add_quantized_concatenate(Builder& builder, FunctionId id);

}  // namespace octet::plan
