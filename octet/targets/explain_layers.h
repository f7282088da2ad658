// Why each layer is or isn't quantized, and what a target makes of it.
#pragma once

#include <string>
#include <vector>

#include "octet/passes/quantization_config.h"
#include "octet/targets/check_graph.h"

namespace octet {

enum class LayerState : uint8_t {
  QUANTIZED,  // every input that can be
  PARTLY,     // some of them
  FLOAT,
};
std::string_view to_string(LayerState state);

struct LayerReport {
  FunctionId function = kNoId;
  std::string layer;  // display name
  std::string type;
  LayerState state = LayerState::FLOAT;
  std::string why;      // "x int8, W int8 per channel", or the reason for float
  std::string outcome;  // what the target does with it
};

// One report for each layer (not for what only carries quantization), in topological order.
// `findings` are check_graph's for the same target. `config`, where it is known (a network that
// QATScheduler saved), tells why layers were left float.
std::vector<LayerReport> explain_layers(const Graph& graph, const ParameterStore& parameters,
                                        Target target, const std::vector<Finding>& findings,
                                        const QuantizationConfig* config = nullptr);

}  // namespace octet
