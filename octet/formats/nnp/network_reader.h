// The message `network` of a .nntxt into a Graph.
#pragma once

#include <map>
#include <string>

#include "octet/formats/nnp/extras.h"
#include "octet/formats/nnp/text_tree.h"
#include "octet/graph/graph.h"
#include "octet/graph/parameter_store.h"

namespace octet {

// A message and the file that it came from, for errors.
struct LocatedMessage {
  const TextMessage* message = nullptr;
  std::string where;
};

struct NetworkReadContext {
  LocatedMessage network;
  LocatedMessage executor;  // message null: none
  const NetworkExtras* extras = nullptr;
  // Parameters of the network that have an initializer instead of data are added.
  ParameterStore* parameters = nullptr;
  int64_t batch_size = kFreeDim;  // what free dimensions of inputs become
};

// Inputs come in the executor's order, then in the network's; outputs are the executor's, or else
// the values that nothing reads. Functions may stand in any order. Throws FileError, with file,
// line and column, for loops, unknown function types, names that do not fit together, parameters
// without data and functions whose inputs do not fit.
Graph read_network(const NetworkReadContext& context);

}  // namespace octet
