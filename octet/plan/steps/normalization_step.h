// BatchNormalization of images, over all but the channels, together with the activation and the
// quantization behind it.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

// False for other axes, ranks, and values that ATen has anyway.
bool add_normalization(Builder& builder, FunctionId id);

}  // namespace octet::plan
