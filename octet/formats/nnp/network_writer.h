// A Graph as the messages `network` and `executor` of a .nntxt.
#pragma once

#include <string>

#include "octet/formats/nnp/extras.h"
#include "octet/formats/nnp/text_tree.h"
#include "octet/graph/graph.h"

namespace octet {

struct WrittenNetwork {
  TextMessage text;      // the whole .nntxt
  NetworkExtras extras;  // what did not fit into it
};

// The functions that the outputs need, producers first; the variables in the order of their first
// use, values before parameters, as NNabla writes them.
WrittenNetwork write_network(const Graph& graph, int64_t batch_size);

// A copy in which the batch dimension is free: the first dimension of the inputs and everything
// that follows from it, including the shapes that Reshape and Broadcast state. If some function
// cannot do without the number, the copy keeps it everywhere, and a warning says why.
Graph with_free_batch(const Graph& graph);

}  // namespace octet
