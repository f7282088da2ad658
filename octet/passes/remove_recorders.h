// Takes recorders out again: what read the recorded value reads the value itself.
//
//   before   y = Recorder(x, m, M, count);  z = ReLU(y)
//   after    z = ReLU(x)
//
// For saving a network while it is in RECORDING: other programs know no recorders.
#pragma once

#include "octet/passes/pass.h"

namespace octet {

Graph remove_recorders(Graph graph, PassContext& ctx);

}  // namespace octet
