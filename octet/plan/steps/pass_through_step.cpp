#include "octet/plan/steps/pass_through_step.h"

#include <ATen/ATen.h>

#include "octet/ops/recorder.h"
#include "octet/quant/recorder.h"

namespace octet::plan {

namespace {

// Takes the range of x; what reads the recorder's result reads x.
class RecorderStep : public Step {
 public:
  RecorderStep(std::string name, std::vector<ValueId> inputs, const Recorder& op)
      : Step(std::move(name), std::move(inputs), {}), op_(op) {}

  std::string kernel() const override { return "recorder"; }

  void forward() override {
    const Value& x = input(0);
    std::vector<at::Tensor> state;
    for (size_t i = 1; i < inputs().size(); ++i) state.push_back(input(i).tensor);
    // Of one range for all, the order of the elements does not matter.
    const at::Tensor values =
        x.layout == kernels::Layout::kPlain
            ? x.tensor
            : at::from_blob(const_cast<void*>(x.data), {x.elements()}, at::kFloat);
    observe(spec_of(op_), state, values, op_.axis, name());
  }

 private:
  Recorder op_;
};

}  // namespace

bool add_identity(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  if (!std::holds_alternative<Identity>(function.attributes)) return false;
  builder.alias(function.outputs[0], function.inputs[0]);
  return true;
}

bool add_recorder(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto* op = std::get_if<Recorder>(&function.attributes);
  if (op == nullptr || !builder.made(function.inputs[0]).is_float()) return false;
  const VariableId x = function.inputs[0];
  if (op->observe) {
    const bool any_order = op->axis == -1;
    std::vector<ValueId> inputs{any_order ? builder.value_of(x)
                                          : builder.as_floats(x, kernels::Layout::kPlain)};
    for (size_t i = 1; i < function.inputs.size(); ++i) {
      inputs.push_back(builder.value_of(function.inputs[i]));
    }
    builder.add_step(
        std::make_unique<RecorderStep>(builder.graph().display_name(id), std::move(inputs), *op));
  }
  builder.alias(function.outputs[0], x);
  return true;
}

}  // namespace octet::plan
