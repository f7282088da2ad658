// A network compiled for one shape of its inputs: a flat list of steps with forward and backward,
// kernels and memory chosen once.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "octet/graph/interpreter.h"
#include "octet/graph/parameter_store.h"
#include "octet/plan/arena.h"
#include "octet/plan/step.h"

namespace octet::plan {

// Time and memory of one step of a plan, summed over the runs since profiling began.
struct StepProfile {
  std::string layer;
  std::string kernel;
  double forward_seconds = 0;
  double backward_seconds = 0;
  double primitive_seconds = 0;  // of both, inside of convolution primitives
  int64_t multiply_accumulates = 0;
  int64_t bytes = 0;  // read and written by one forward pass
};

class Plan {
 public:
  struct Parts {
    std::vector<Value> values;
    std::vector<std::unique_ptr<Step>> steps;
    Arena arena;
    std::vector<ValueId> leaves;                       // inputs and parameters
    std::vector<std::pair<VariableId, ValueId>> kept;  // what forward() gives, in the plain layout
    ValueId output = kNoId;                            // where backward() begins
    bool gradients = false;
    bool bfloat16 = false;  // gradients may be, where steps agree on it
    // Parameters that the store does not have: made from others when the plan was compiled.
    std::map<std::string, at::Tensor> derived;
    // What they were made from: names of parameters with their versions at that time.
    std::map<std::string, int64_t> sources;
    bool poisoned =
        false;  // fill memory with NaN before the first run, to find what is not written
  };
  explicit Plan(Parts parts);

  // The values of `kept`, as tensors in the plain layout that nobody else holds. `inputs`
  // are those that the plan was compiled for, or of their shapes.
  Values forward(ParameterStore& parameters, const Values& inputs, RandomState& random);
  // Once after each forward().
  void backward(ParameterStore& parameters);
  // Whether a parameter has changed that others were made from when the plan was compiled.
  bool is_stale(const ParameterStore& parameters) const;
  bool ready_for_backward() const { return ready_for_backward_; }

  int64_t arena_bytes() const { return parts_.arena.bytes(); }
  const std::vector<std::unique_ptr<Step>>& steps() const { return parts_.steps; }

  // Zeroes the times; from here on every run adds to them.
  void begin_profile();
  std::vector<StepProfile> profile() const;

 private:
  void plan_gradients();
  void choose_gradient_types();
  void plan_memory();
  void bind_memory();
  void bind_leaf(Value& value, ParameterStore& parameters, const Values& inputs);
  void bind_parameter_gradients(ParameterStore& parameters);
  void hand_over_gradients(ParameterStore& parameters);
  void run_backward(size_t index);

  Parts parts_;
  ForwardContext context_;
  bool ready_for_backward_ = false;
  std::vector<at::Tensor> parameter_gradients_;  // by ValueId; only of parameters
  bool profiling_ = false;
  std::vector<double> forward_seconds_;
  std::vector<double> backward_seconds_;
};

}  // namespace octet::plan
