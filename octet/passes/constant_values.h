// Which values of a network are constants: the same for every input, because they are computed from
// parameters alone.
#pragma once

#include <vector>

#include "octet/graph/graph.h"

namespace octet {

// Parameters, and what functions make of nothing but constants: a normalized weight, a product of
// two parameters. A function without inputs gives no constant, since it may draw random numbers.
// A snapshot: values that are added later are not known.
class ConstantValues {
 public:
  // `order`: the functions to look at, producers first.
  ConstantValues(const Graph& graph, const std::vector<FunctionId>& order);
  bool contains(VariableId id) const;

 private:
  std::vector<bool> constant_;
};

}  // namespace octet
