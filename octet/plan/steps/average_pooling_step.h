// AveragePooling of floats and QuantizedAveragePooling of bytes.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

bool add_average_pooling(Builder& builder, FunctionId id);

// False with an activation.
bool add_quantized_average_pooling(Builder& builder, FunctionId id);

}  // namespace octet::plan
