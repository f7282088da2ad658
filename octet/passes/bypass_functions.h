// What the passes that take functions out have in common.
#pragma once

#include "octet/passes/pass.h"

namespace octet {

// Takes every function out that `is_one` names: what read its first output reads its first input.
// Where the output is one of the network's it stays so, as Identity of the input.
Graph bypass_functions(Graph graph, const PassContext& ctx,
                       bool (*is_one)(const Attributes& attributes));

}  // namespace octet
