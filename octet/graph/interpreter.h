// The reference interpreter: runs a graph function by function with each operation's ATen forward,
// under autograd when gradients are wanted. It defines what is right; plans must agree with it.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <unordered_map>

#include "octet/graph/graph.h"
#include "octet/graph/parameter_store.h"

namespace octet {

using Values = std::unordered_map<VariableId, at::Tensor>;

struct RunOptions {
  bool gradients = true;  // build the autograd tape
  // Kept in the result beside the outputs (what handles refer to).
  std::vector<VariableId> keep;
  // Called after each function with its outputs, e.g. to compare two networks layer by layer.
  std::function<void(FunctionId, const std::vector<at::Tensor>&)> observer;
};

// What `inputs` hold for the network's input `id`. Throws Error "[name] ..." if that is nothing, or
// has not the rank and extents of the graph; its first dimension is the batch, of which any size
// runs.
const at::Tensor& checked_input(const Graph& graph, VariableId id, const Values& inputs);

// run_forward(), with what ATen throws as an Error "[context.where] type: ...".
OutputTensors run_function(const Attributes& attributes, InputTensors inputs,
                           ForwardContext& context);

// Computes `outputs` from `inputs`. Other values are freed after their last reader (the autograd
// tape keeps what it needs). Throws Error if an input is missing, has another shape than the graph
// says (free dimensions fit any extent), or if an operation fails; the message names the layer.
Values run(const Graph& graph, ParameterStore& parameters, const Values& inputs,
           const std::vector<VariableId>& outputs, RandomState& random,
           const RunOptions& options = {});

}  // namespace octet
