// SoftmaxCrossEntropy of float32 scores.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

// False for classes that do not lie side by side.
bool add_softmax_cross_entropy(Builder& builder, FunctionId id);

}  // namespace octet::plan
