// The same value in another layout, or its integers as floats.
#pragma once

#include <memory>

#include "octet/plan/step.h"

namespace octet::plan {

class Builder;

std::unique_ptr<Step> make_convert_step(Builder& builder, ValueId from, ValueId to);

}  // namespace octet::plan
