// Steps that later ones have taken over.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "octet/plan/step.h"

namespace octet::plan {

// Takes out the steps that make values which no other step reads and which are not `kept`. A step
// that makes no value at all (a recorder) stays.
void remove_unread_steps(std::vector<std::unique_ptr<Step>>& steps, std::span<const ValueId> kept);

}  // namespace octet::plan
