#include "octet/plan/plan_engine.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "octet/base/error.h"
#include "octet/base/logging.h"
#include "octet/kernels/instruction_set.h"
#include "octet/kernels/onednn/convolution_gradients.h"
#include "octet/plan/compile.h"
#include "octet/plan/stopwatch.h"

namespace octet::plan {

PlanEngine::PlanEngine(const PlanEngineOptions& options) : options_(options) {
  kernels::apply_instruction_set_limit();
  bfloat16_ = options.gradients != GradientArithmetic::kFloat32 && kernels::has_bfloat16();
  OCTET_CHECK(bfloat16_ || options.gradients != GradientArithmetic::kBFloat16, "gradients",
              "bfloat16: this processor has no instructions for it (avx512_bf16), or "
              "ONEDNN_MAX_CPU_ISA forbids them");
}
PlanEngine::~PlanEngine() = default;

Plan* PlanEngine::last_plan() {
  return last_;
}

PlanEngine::Key PlanEngine::key_of(const Graph& graph, const Values& inputs, VariableId output,
                                   const RunOptions& options) const {
  Key key{.graph = &graph,
          .revision = graph.revision(),
          .output = output,
          .keep = options.keep,
          .gradients = options.gradients,
          .threads = at::get_num_threads()};
  std::sort(key.keep.begin(), key.keep.end());
  for (const auto& [id, value] : inputs) {
    if (graph.variable(id).kind != VariableKind::kInput || !value.defined()) continue;
    key.shapes.emplace_back(id, value.sizes().vec());
  }
  std::sort(key.shapes.begin(), key.shapes.end());
  return key;
}

Plan* PlanEngine::find_or_compile(const Graph& graph, ParameterStore& parameters,
                                  const Values& inputs, VariableId output,
                                  const RunOptions& options) {
  Key key = key_of(graph, inputs, output, options);
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->key != key) continue;
    if (entry->plan != nullptr && entry->plan->is_stale(parameters)) {
      entries_.erase(entry);
      break;
    }
    entries_.splice(entries_.begin(), entries_, entry);
    return entries_.front().plan.get();
  }
  const Stopwatch watch;
  std::string reason;
  std::unique_ptr<Plan> plan = compile(graph, parameters, inputs,
                                       {.output = output,
                                        .keep = options.keep,
                                        .gradients = options.gradients,
                                        .bfloat16 = bfloat16_,
                                        .poisoned = options_.poisoned},
                                       &reason);
  if (plan == nullptr) {
    log_info("[plan] {} runs in the reference interpreter: {}", graph.name(), reason);
  }
  // Plans of what the graph was before give their memory back.
  std::erase_if(entries_, [&](const Entry& entry) {
    return entry.key.graph == key.graph && entry.key.revision != key.revision;
  });
  ++compiled_;
  compile_seconds_ += watch.seconds();
  if (entries_.size() >= options_.cached_plans) entries_.pop_back();
  entries_.push_front({std::move(key), std::move(plan)});
  return entries_.front().plan.get();
}

Values PlanEngine::forward(const Graph& graph, ParameterStore& parameters, const Values& inputs,
                           VariableId output, RandomState& random, const RunOptions& options) {
  reference_values_.clear();
  last_output_ = kNoId;
  last_ = nullptr;
  const bool by_reference = !parameters.device().is_cpu() || options.observer != nullptr;
  if (!by_reference) {
    last_ = find_or_compile(graph, parameters, inputs, output, options);
  }
  last_output_ = output;
  last_revision_ = graph.revision();
  if (last_ != nullptr) return last_->forward(parameters, inputs, random);
  Values results = run(graph, parameters, inputs, {output}, random, options);
  reference_values_ = results;
  for (auto& [id, value] : results) value = value.detach();
  return results;
}

void PlanEngine::backward(const Graph& graph, ParameterStore& parameters, VariableId output) {
  const bool same = last_output_ == output && last_revision_ == graph.revision();
  const auto value = reference_values_.find(output);
  const bool by_reference = value != reference_values_.end() && value->second.requires_grad();
  OCTET_CHECK(same && (by_reference || (last_ != nullptr && last_->ready_for_backward())),
              graph.variable(output).name, "backward() needs a forward() with gradients before it");
  last_output_ = kNoId;
  if (by_reference) {
    value->second.sum().backward();
    reference_values_.clear();
  } else {
    last_->backward(parameters);
  }
}

}  // namespace octet::plan
