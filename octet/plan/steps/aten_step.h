// A function as its ATen forward runs it, with an autograd tape of its own: what every operation
// without a kernel does.
#pragma once

#include <memory>

#include "octet/plan/step.h"

namespace octet::plan {

class Builder;

void add_aten_step(Builder& builder, FunctionId id);

}  // namespace octet::plan
