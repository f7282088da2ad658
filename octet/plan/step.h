// One piece of work of a plan: a fused group of functions, forward and backward.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "octet/ops/op_types.h"
#include "octet/plan/value.h"

namespace octet::plan {

class Arena;

// Where a step leaves the gradient of one of its inputs.
struct GradientTarget {
  size_t input = 0;          // index in Step::inputs
  bool accumulate = false;   // another step has written there before
  BufferId scratch = kNoId;  // then the gradient is made here first
};

// What steps see of the plan that they are in.
struct StepContext {
  std::vector<Value>* values = nullptr;
  const Arena* arena = nullptr;
  bool gradients = false;  // a backward pass may follow
  ForwardContext* forward = nullptr;
};

class Step {
 public:
  Step(std::string name, std::vector<ValueId> inputs, std::vector<ValueId> outputs)
      : name_(std::move(name)), inputs_(std::move(inputs)), outputs_(std::move(outputs)) {}
  virtual ~Step() = default;
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  // Computes the outputs from the inputs.
  virtual void forward() = 0;
  // From the gradients of the outputs those of the inputs that need one; may overwrite the former.
  virtual void backward() {}
  // Whether backward() takes gradients of outputs in bfloat16, and gives those of an input so, both
  // also in float32. Where all steps at a value do, its gradient is bfloat16, if the plan allows.
  virtual bool takes_bfloat16() const { return false; }
  virtual bool gives_bfloat16(size_t /*input*/) const { return false; }
  // Called once before memory is planned, where backward() will be: the types of the gradients are
  // known. What it needs may be added to the arena and to `memory`.
  virtual void plan_backward(Arena& arena) {}
  // "onednn:f32", "aten", ...: what does the work, for reports.
  virtual std::string kernel() const = 0;
  // The arithmetic that profiles count: multiply-accumulates of one forward pass.
  virtual int64_t multiply_accumulates() const { return 0; }
  // Time since the last reset that was spent inside of convolution primitives, in seconds.
  double primitive_seconds() const { return primitive_seconds_; }
  void reset_primitive_seconds() { primitive_seconds_ = 0; }

  const std::string& name() const { return name_; }
  const std::vector<ValueId>& inputs() const { return inputs_; }
  const std::vector<ValueId>& outputs() const { return outputs_; }

  // What the memory planner has to know; filled in by the constructors and the compiler.
  struct Memory {
    std::vector<ValueId> saved;  // read again by backward()
    std::vector<BufferId> kept;  // of the step's own, from forward() to backward()
    std::vector<BufferId> forward_scratch;
    std::vector<BufferId> backward_scratch;
  };
  Memory memory;
  std::vector<GradientTarget> gradient_targets;
  StepContext context;

 protected:
  Value& input(size_t i) const { return (*context.values)[inputs_[i]]; }
  Value& output(size_t i = 0) const { return (*context.values)[outputs_[i]]; }
  // Where to write the gradient of an input; null if none is wanted. The first for inputs that
  // gives_bfloat16() is false for.
  float* input_gradient(size_t i) const;
  kernels::Gradient any_input_gradient(size_t i) const;
  void* buffer(BufferId id) const;
  float* float_buffer(BufferId id) const { return static_cast<float*>(buffer(id)); }

  double primitive_seconds_ = 0;

 private:
  std::string name_;
  std::vector<ValueId> inputs_;
  std::vector<ValueId> outputs_;
};

}  // namespace octet::plan
