// Which layers of a network are quantized, and by which number networks recognize each other's.
#pragma once

#include <string>
#include <vector>

#include "octet/passes/pass.h"

namespace octet {

// A function of the network with its rank: its place among the functions that count (Dropout and
// Identity do not), in depth-first order from the outputs. Rank -1: does not count.
struct RankedFunction {
  FunctionId id;
  int64_t rank;
};
std::vector<RankedFunction> ranked_functions(const Graph& graph,
                                             const std::vector<VariableId>& outputs);

std::vector<FunctionId> ids_of(const std::vector<RankedFunction>& functions);

// What makes two networks the same for sharing ranges: type and parameter names of each function
// that counts, in rank order.
using Signature = std::vector<std::string>;
Signature signature_of(const Graph& graph, const std::vector<RankedFunction>& functions);

// The functions whose inputs are recorded, by the rules of the config. Throws Error for an include
// or exclude pattern that no layer's name matches.
std::set<FunctionId> recorded_layers(const Graph& graph,
                                     const std::vector<RankedFunction>& functions,
                                     const QuantizationConfig& config);

// The functions that the config leaves float, or that no data flows through, each with the reason
// in a few words. Patterns that match nothing are no error here.
std::map<FunctionId, std::string> skipped_layers(const Graph& graph,
                                                 const std::vector<RankedFunction>& functions,
                                                 const QuantizationConfig& config);

}  // namespace octet
