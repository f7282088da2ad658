// Makes the batch size of a network a free dimension.
#pragma once

#include "octet/graph/graph.h"

namespace octet {

// The graph with the batch dimension free: the first dimension of the inputs, everything that
// follows from it, and the shapes that Reshape and Broadcast state. Ids stay valid. The batch size
// is the first dimension of the first input of graph.outputs() that has one. If some function
// cannot do without the number, the graph comes back as it was, and a warning says why; so leave
// out first what is not to be saved (compact()).
Graph with_free_batch(const Graph& graph);

}  // namespace octet
