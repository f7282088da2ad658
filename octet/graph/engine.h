// Who computes the values of a network: by default the reference interpreter under autograd
// (interpreter.h), otherwise an Engine, e.g. the one that runs compiled plans (octet/plan).
#pragma once

#include "octet/graph/interpreter.h"

namespace octet {

class Engine {
 public:
  Engine() = default;
  virtual ~Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // As run() of interpreter.h, for one output, except that the results carry no tape: with
  // options.gradients, backward() goes back from here. Results stay valid whatever runs next.
  virtual Values forward(const Graph& graph, ParameterStore& parameters, const Values& inputs,
                         VariableId output, RandomState& random, const RunOptions& options) = 0;

  // Adds the gradients of the last forward()'s output (of the sum of its elements) to the
  // parameters that need_grad. Throws Error if there was no forward() of this output with
  // gradients, or backward() was called already.
  virtual void backward(const Graph& graph, ParameterStore& parameters, VariableId output) = 0;
};

}  // namespace octet
