// From a graph to a plan.
#pragma once

#include <memory>

#include "octet/plan/plan.h"

namespace octet::plan {

struct CompileRequest {
  VariableId output = kNoId;
  std::vector<VariableId> keep;  // further values that forward() gives, where it computes them
  bool gradients = false;
  bool bfloat16 = false;  // those of quantized layers; see has_bfloat16()
  bool poisoned = false;  // see Plan::Parts
};

// Quantize/Dequantize pairs become integer functions first (passes/lower_int8.h), whatever the
// precision mode; with their biases as they are. What that makes of parameters is made once.
// `inputs` give the extents that the plan is for. Throws Error as the reference interpreter does
// for inputs that are missing or do not fit. Null for a network that no plan can run: one that
// holds float64, or whose extents depend on values; `reason` (when given) then says why.
std::unique_ptr<Plan> compile(const Graph& graph, const ParameterStore& parameters,
                              const Values& inputs, const CompileRequest& request,
                              std::string* reason = nullptr);

}  // namespace octet::plan
