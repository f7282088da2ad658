// MaxPooling of images, of integers as well as of floats.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

// False for what it does not cover: other ranks than 2-D, dilation, ceil mode, windows of more than
// 255 values, an index as second output.
bool add_max_pooling(Builder& builder, FunctionId id);

}  // namespace octet::plan
