// A graph with what it needs to run, by plans and by the reference interpreter.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "octet/graph/text.h"
#include "octet/plan/plan_engine.h"

namespace octet {

struct PlanJob {
  Graph graph;
  ParameterStore parameters{1};
  Values inputs;

  explicit PlanJob(const std::string& text) : graph(parse_graph(text)) {}
  VariableId output() const { return graph.outputs()[0]; }
};

inline at::Tensor by_plan(PlanJob& job, PlanEngine& engine, const RunOptions& options) {
  RandomState random(1);
  return engine.forward(job.graph, job.parameters, job.inputs, job.output(), random, options)
      .at(job.output());
}

inline at::Tensor by_reference(PlanJob& job, const RunOptions& options) {
  RandomState random(1);
  return run(job.graph, job.parameters, job.inputs, {job.output()}, random, options)
      .at(job.output());
}

// The kernels of the last plan.
inline std::vector<std::string> kernels_of(PlanEngine& engine) {
  std::vector<std::string> kernels;
  for (const auto& step : engine.last_plan()->steps()) kernels.push_back(step->kernel());
  return kernels;
}

}  // namespace octet
