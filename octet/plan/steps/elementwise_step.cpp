#include "octet/plan/steps/elementwise_step.h"

#include <cmath>

#include "octet/kernels/elementwise.h"

namespace octet::plan {

namespace {

class ReluStep : public Step {
 public:
  ReluStep(std::string name, ValueId x, ValueId y, float bound)
      : Step(std::move(name), {x}, {y}), bound_(bound) {
    memory.saved = {y};
  }

  std::string kernel() const override { return "relu"; }

  void forward() override {
    kernels::relu(input(0).floats(), bound_, output().elements(), output().floats());
  }

  void backward() override {
    float* dx = input_gradient(0);
    if (dx == nullptr) return;
    kernels::relu_backward(output().gradient, output().floats(), bound_, output().elements(), dx);
  }

 private:
  float bound_;
};

class SumStep : public Step {
 public:
  SumStep(std::string name, std::vector<ValueId> inputs, ValueId y, bool relu)
      : Step(std::move(name), std::move(inputs), {y}), relu_(relu) {
    if (relu_) memory.saved = {y};
  }

  std::string kernel() const override { return relu_ ? "add+relu" : "add"; }

  void forward() override {
    kernels::sum(input(0).floats(), input(1).floats(), output().elements(), relu_,
                 output().floats());
  }

  void backward() override {
    kernels::sum_backward(output().gradient, relu_ ? output().floats() : nullptr,
                          output().elements(), input_gradient(0), input_gradient(1));
  }

 private:
  bool relu_;  // behind the sum
};

// The value that the step of a sum makes: that of the ReLU which alone reads it, or its own.
VariableId made_by_sum(const Builder& builder, VariableId sum) {
  const FunctionId reader = builder.only_reader(sum);
  if (reader == kNoId) return sum;
  const Function& function = builder.graph().function(reader);
  return std::holds_alternative<ReLU>(function.attributes) ? function.outputs[0] : sum;
}

}  // namespace

bool add_relu(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const bool six = std::holds_alternative<ReLU6>(function.attributes);
  if (!six && !std::holds_alternative<ReLU>(function.attributes)) return false;
  const Value& x = builder.made(function.inputs[0]);
  // Small values, and those that ATen has anyway, are as quick there.
  if (!x.is_float() || x.loose) return false;
  const ValueId from = builder.value_of(function.inputs[0]);
  const ValueId y =
      builder.is_last_use(function.inputs[0], id)
          ? builder.add_value_in_place(function.outputs[0], function.inputs[0])
          : builder.add_value(function.outputs[0], ElementType::kFloat32, x.layout, {from});
  builder.add_step(
      std::make_unique<ReluStep>(builder.graph().display_name(id), from, y, six ? 6.0F : INFINITY));
  return true;
}

bool add_sum(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  if (!std::holds_alternative<Add2>(function.attributes)) return false;
  const VariableId a = function.inputs[0], b = function.inputs[1];
  if (builder.type(a).shape != builder.type(b).shape || !builder.made(a).is_float() ||
      !builder.made(b).is_float() || builder.made(a).loose || a == b) {
    return false;
  }
  const kernels::Layout layout = builder.made(a).layout;
  const std::vector<ValueId> inputs{builder.value_of(a), builder.as_layout(b, layout)};
  const VariableId made = made_by_sum(builder, function.outputs[0]);
  const ValueId y = builder.add_value(made, ElementType::kFloat32, layout, inputs);
  builder.add_step(std::make_unique<SumStep>(builder.graph().display_name(id), inputs, y,
                                             /*relu=*/made != function.outputs[0]));
  return true;
}

}  // namespace octet::plan
