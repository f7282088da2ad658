// Which integers never lie below their zero point.
#pragma once

#include "octet/graph/graph.h"

namespace octet::plan {

// Whether the integers were made with this zero point behind a ReLU or ReLU6, perhaps with
// functions in between that only move them about.
bool is_rectified(const Graph& graph, VariableId integers, VariableId zero_point);

}  // namespace octet::plan
