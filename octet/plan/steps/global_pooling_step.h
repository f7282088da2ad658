// GlobalAveragePooling and QuantizedGlobalAveragePooling of images.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

// False for other ranks, and for values that ATen has anyway.
bool add_global_pooling(Builder& builder, FunctionId id);
bool add_quantized_global_pooling(Builder& builder, FunctionId id);

}  // namespace octet::plan
