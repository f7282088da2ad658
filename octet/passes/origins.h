// A network seen without the functions that a validation network may lack (is_training_only:
// Dropout, Identity), so that training and validation network give the same answers.
//
//   r = ReLU(h);  d = Dropout(r);  y = Affine(d, W)       the origin of d is r, and Affine reads it
#pragma once

#include <vector>

#include "octet/graph/graph.h"

namespace octet {

// A snapshot: rewriting makes it stale.
class Origins {
 public:
  // `functions`: those of the network, producers first; what others read does not count.
  Origins(const Graph& graph, const std::vector<FunctionId>& functions);

  // The value in front of the Dropouts and Identities that the value comes out of; itself if it
  // comes out of none.
  VariableId of(VariableId id) const { return entries_[id].origin; }
  // The Dropout nearest to the origin on that way; kNoId if there is none.
  FunctionId first_dropout(VariableId id) const { return entries_[id].dropout; }
  // Who reads the origin, by way of Dropouts and Identities too, which do not count themselves.
  const std::vector<Use>& readers(VariableId origin) const { return readers_[origin]; }

 private:
  struct Entry {
    VariableId origin;
    FunctionId dropout;
  };
  std::vector<Entry> entries_;
  std::vector<std::vector<Use>> readers_;
};

}  // namespace octet
