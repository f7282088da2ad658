#include "octet/passes/release_batch_size.h"

#include "octet/graph/free_batch.h"

namespace octet {

Graph release_batch_size(Graph graph, PassContext&) {
  return with_free_batch(graph);
}

}  // namespace octet
