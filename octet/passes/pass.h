// What a pass is, and how a list of them is run.
//
// A pass is a free function, graph in and graph out, verb first. It works on the functions that
// ctx.outputs depend on and leaves the rest (a loss above a prediction, another network beside it)
// alone. It keeps the ids of variables: what a user can hold stays, only its producer changes.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "octet/graph/graph.h"
#include "octet/graph/parameter_store.h"
#include "octet/passes/quantization_config.h"

namespace octet {

// What the networks that one scheduler converts share: parameters that a pass made from others, so
// that the training and the validation network get the same ones and each is computed once.
struct ConversionMemory {
  // Names of the folded weight and bias by the names of everything that they were computed from.
  std::map<std::string, std::pair<std::string, std::string>> folded;
  // Parameters (recorder states, scales) that this conversion made.
  std::set<std::string> created;
  // The layers of each training network: how a validation network finds the ranges that are its.
  std::vector<std::vector<std::string>> signatures;
  // The names of each training network's recorders, in the same order.
  std::vector<std::set<std::string>> recorders;
  // For a recorder that shares its range: the names of all that share it.
  std::map<std::string, std::set<std::string>> sharing;
  // For a folded parameter: the parameters that it takes the place of in training.
  std::map<std::string, std::vector<std::string>> replaced;
  // A checkpoint is being restored: the store already holds the parameters that the conversion
  // would make, and their values stay.
  bool restoring = false;
};

struct PassContext {
  std::vector<VariableId> outputs;  // of the network that is rewritten
  ParameterStore* parameters = nullptr;
  QuantizationConfig config;
  ConversionMemory* memory = nullptr;
  // lower_int8 for running a graph, not for keeping it: a float bias stays float, so that the
  // values are those of the graph as it was, up to float rounding.
  bool keep_float_biases = false;
  bool training = true;  // recorders observe; false in a validation network, which reads the ranges
};

using Pass = Graph (*)(Graph graph, PassContext& ctx);

struct NamedPass {
  std::string_view name;
  Pass pass;
};

struct PipelineOptions {
  std::set<std::string> skip;  // names of passes that are left out
  bool verify = true;          // after each pass
  // Called after each pass: its name, its seconds, and the graph that it made.
  std::function<void(std::string_view name, double seconds, const Graph& graph)> observer;
};

// Runs the passes in order. Throws Error for a name in `skip` that is not a pass.
Graph run_passes(std::span<const NamedPass> passes, Graph graph, PassContext& ctx,
                 const PipelineOptions& options = {});

// The lists, in pipeline.cpp.
std::span<const NamedPass> recording_passes();  // entering RECORDING
std::span<const NamedPass> training_passes();   // entering TRAINING
std::span<const NamedPass> saving_passes();     // before a network is written to a file

}  // namespace octet
