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

}  // namespace octet
