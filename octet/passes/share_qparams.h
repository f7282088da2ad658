// Lets values that are added or concatenated share one range, which covers them all.
//
//   before   ra = Recorder(a, ...);  rb = Recorder(b, ...);  y = Add2(ra, rb)
//   after    the same, both recorders with group=0
//
// Integers of one scale can be added or put side by side as they are. Groups that have a value in
// common become one group. A constant operand (computed from parameters alone) keeps its own range:
// it would widen that of the activation or lose its own precision. Recorders with a range per
// channel share nothing.
//
// An Error if a validation network shares otherwise than its training network.
//
// Needs: insert_recorders. Order: after it.
#pragma once

#include "octet/passes/pass.h"

namespace octet {

Graph share_qparams(Graph graph, PassContext& ctx);

// Add2, AddN, Concatenate, Stack.
bool joins_values(const Attributes& attributes);

}  // namespace octet
