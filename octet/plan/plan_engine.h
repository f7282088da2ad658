// The engine that compiles what it runs.
#pragma once

#include <list>
#include <memory>
#include <optional>

#include "octet/graph/engine.h"
#include "octet/plan/plan.h"

namespace octet::plan {

// In what the gradients of quantized layers are computed: bfloat16 where the processor has
// instructions for it, else float32; or one of both.
enum class GradientArithmetic : uint8_t { kAutomatic, kFloat32, kBFloat16 };

struct PlanEngineOptions {
  size_t cached_plans = 8;  // the plans used last are kept
  bool poisoned = false;    // see Plan::Parts
  GradientArithmetic gradients = GradientArithmetic::kAutomatic;
};

// Compiles a plan for each graph, output and shape of the inputs, again when the graph changes, and
// keeps the last ones. Networks on a GPU, and those that no plan can run (compile.h), run in the
// reference interpreter; so does a run with an observer.
class PlanEngine : public Engine {
 public:
  // Throws Error "[gradients] ..." for bfloat16 on a processor without instructions for it.
  explicit PlanEngine(const PlanEngineOptions& options = {});
  ~PlanEngine() override;

  Values forward(const Graph& graph, ParameterStore& parameters, const Values& inputs,
                 VariableId output, RandomState& random, const RunOptions& options) override;
  void backward(const Graph& graph, ParameterStore& parameters, VariableId output) override;

  // The plan that ran last; null if the reference interpreter did.
  Plan* last_plan();
  // Plans compiled so far, and the seconds that took.
  int64_t compiled() const { return compiled_; }
  double compile_seconds() const { return compile_seconds_; }

 private:
  struct Key {
    const Graph* graph = nullptr;
    uint64_t revision = 0;
    VariableId output = kNoId;
    std::vector<VariableId> keep;
    bool gradients = false;
    std::vector<std::pair<VariableId, std::vector<int64_t>>> shapes;
    int threads = 1;
    bool operator==(const Key&) const = default;
  };
  struct Entry {
    Key key;
    std::unique_ptr<Plan> plan;  // null: the reference interpreter
  };
  Key key_of(const Graph& graph, const Values& inputs, VariableId output,
             const RunOptions& options) const;
  Plan* find_or_compile(const Graph& graph, ParameterStore& parameters, const Values& inputs,
                        VariableId output, const RunOptions& options);

  PlanEngineOptions options_;
  bool bfloat16_;
  std::list<Entry> entries_;  // the last used one first
  Values reference_values_;   // with their tape, while the reference interpreter is in charge
  Plan* last_ = nullptr;
  VariableId last_output_ = kNoId;
  uint64_t last_revision_ = 0;
  int64_t compiled_ = 0;
  double compile_seconds_ = 0;
};

}  // namespace octet::plan

namespace octet {

using plan::GradientArithmetic;
using plan::PlanEngine;
using plan::PlanEngineOptions;

}  // namespace octet
