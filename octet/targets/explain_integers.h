// What lint says about the layers of integer networks (precision modes QNN and MIXED_QNN).
#pragma once

#include <string>
#include <string_view>

#include "octet/graph/graph.h"
#include "octet/targets/target_rules.h"

namespace octet {

// Whether the function computes on integers, or only moves integers about.
bool runs_on_stored_integers(const Graph& graph, FunctionId id);

// The integers that it reads: "x int8, weight int8 per channel, bias int32".
std::string integers_text(const Graph& graph, FunctionId id);

// What the target makes of it.
std::string_view integer_outcome(const Graph& graph, FunctionId id, const TargetRules& rules);

}  // namespace octet
