// Takes Dropout out: what read the dropped value reads the value itself.
//
//   before   d = Dropout(x);  y = Affine(d, W, b)
//   after    y = Affine(x, W, b)
//
// For validation networks and for saving: a Dropout drops in every run, and only training wants
// that. Where d is an output of the network it stays one, as Identity(x).
#pragma once

#include "octet/passes/pass.h"

namespace octet {

Graph remove_dropout(Graph graph, PassContext& ctx);

// The same for all outputs of a graph.
Graph without_dropout(Graph graph);

}  // namespace octet
