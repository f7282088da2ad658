#include "octet/plan/steps/aten_step.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "octet/graph/interpreter.h"
#include "octet/plan/builder.h"

namespace octet::plan {

namespace {

class AtenStep : public Step {
 public:
  AtenStep(const Graph& graph, FunctionId id, std::vector<ValueId> inputs,
           std::vector<ValueId> outputs)
      : Step(graph.display_name(id), std::move(inputs), std::move(outputs)),
        attributes_(graph.function(id).attributes) {
    // The tape refers to them.
    memory.saved = this->inputs();
  }

  std::string kernel() const override { return "aten:" + std::string(type_name(attributes_)); }

  void forward() override {
    const bool records = context.gradients && !gradient_targets.empty();
    const at::AutoGradMode grad_mode(records);
    tape_inputs_.clear();
    std::vector<bool> wanted(inputs().size(), false);
    for (const GradientTarget& target : gradient_targets) wanted[target.input] = true;
    for (size_t i = 0; i < inputs().size(); ++i) {
      at::Tensor x = input(i).tensor.detach();
      if (records && wanted[i]) x.requires_grad_();
      tape_inputs_.push_back(x);
    }
    context.forward->where = name();
    tape_outputs_ = run_function(attributes_, tape_inputs_, *context.forward);
    for (size_t i = 0; i < outputs().size(); ++i) {
      Value& y = output(i);
      y.tensor = owned(tape_outputs_[i].detach().contiguous());
      y.data = y.tensor.data_ptr();
    }
    if (!records) {
      tape_inputs_.clear();
      tape_outputs_.clear();
    }
  }

  void backward() override {
    std::vector<at::Tensor> roots, gradients, leaves;
    for (size_t i = 0; i < outputs().size(); ++i) {
      if (!tape_outputs_[i].requires_grad() || output(i).gradient == nullptr) continue;
      roots.push_back(tape_outputs_[i]);
      gradients.push_back(output(i).gradient_tensor().to(tape_outputs_[i].scalar_type()));
    }
    for (const GradientTarget& target : gradient_targets) {
      leaves.push_back(tape_inputs_[target.input]);
    }
    std::vector<at::Tensor> results(leaves.size());
    if (!roots.empty()) {
      results = torch::autograd::grad(roots, leaves, gradients, /*retain_graph=*/c10::nullopt,
                                      /*create_graph=*/false, /*allow_unused=*/true);
    }
    for (size_t i = 0; i < leaves.size(); ++i) write(gradient_targets[i].input, results[i]);
    tape_inputs_.clear();
    tape_outputs_.clear();
  }

 private:
  // A view of what lies in the arena would change with it.
  at::Tensor owned(const at::Tensor& y) const {
    for (size_t i = 0; i < inputs().size(); ++i) {
      if (!input(i).loose && y.is_alias_of(input(i).tensor)) return y.clone();
    }
    return y;
  }

  void write(size_t index, const at::Tensor& gradient) {
    float* target = input_gradient(index);
    at::Tensor view = at::from_blob(target, input(index).shape, at::kFloat);
    if (gradient.defined()) {
      view.copy_(gradient);
    } else {
      view.zero_();
    }
  }

  Attributes attributes_;
  std::vector<at::Tensor> tape_inputs_;
  std::vector<at::Tensor> tape_outputs_;
};

}  // namespace

void add_aten_step(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  std::vector<ValueId> inputs, outputs;
  for (const VariableId variable : function.inputs) {
    inputs.push_back(builder.made(variable).loose
                         ? builder.value_of(variable)
                         : builder.as_floats(variable, kernels::Layout::kPlain));
  }
  for (const VariableId variable : function.outputs) {
    outputs.push_back(builder.add_loose(variable, inputs));
  }
  builder.add_step(
      std::make_unique<AtenStep>(builder.graph(), id, std::move(inputs), std::move(outputs)));
}

}  // namespace octet::plan
