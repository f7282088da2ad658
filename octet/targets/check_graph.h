// Holds a network against the rules of the program that will run it.
#pragma once

#include <string>
#include <vector>

#include "octet/graph/graph.h"
#include "octet/graph/parameter_store.h"
#include "octet/targets/target.h"

namespace octet {

// One departure from the rules of a target.
struct Finding {
  FunctionId function = kNoId;  // kNoId for the network as a whole
  std::string layer;            // its display name; "" for the network
  std::string rule;             // "zero-point", "residual", ...: one word for each rule
  std::string message;          // one sentence with the value and the numbers
  // True: the target refuses such a network or computes other numbers. False: it runs, but slower
  // or in float.
  bool refused = false;
};

// All departures of what graph.outputs() depend on, layer by layer in topological order. A float
// network has none. Parameters that the store lacks are taken as they are declared. Linear in the
// graph.
std::vector<Finding> check_graph(const Graph& graph, const ParameterStore& parameters,
                                 Target target);

// Throws Error "[layer] ..." for the first finding with `refused`: what writers of files call.
void require_target(const Graph& graph, const ParameterStore& parameters, Target target);

}  // namespace octet
