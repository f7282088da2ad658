#include "octet/plan/steps/normalization_step.h"

#include "octet/plan/steps/normalizing_step.h"

namespace octet::plan {

namespace {

// x, and what NormalizingStep has.
class NormalizationStep : public NormalizingStep {
 public:
  NormalizationStep(Builder& builder, std::vector<ValueId> inputs, ValueId y,
                    const FusedNormalization& normalization)
      : NormalizingStep(builder, normalization.name, inputs, y, normalization,
                        builder.value(inputs[0]).rows()) {
    if (builder.value(y).needs_gradient) memory.saved = {inputs[0]};
    if (!needs_statistics()) return;
    sums_ = builder.add_buffer(this->normalization().scratch_bytes());
    memory.forward_scratch = {sums_};
  }

  std::string kernel() const override { return normalizing_kernel(); }
  void forward() override {
    const float* x = input(0).floats();
    if (needs_statistics()) normalization().compute_statistics(x, float_buffer(sums_));
    normalize(x);
  }

  bool takes_bfloat16() const override { return true; }
  bool gives_bfloat16(size_t i) const override { return i == 0; }
  void backward() override { normalize_backward(input(0).floats(), any_input_gradient(0)); }

 private:
  BufferId sums_ = kNoId;
};

}  // namespace

bool add_normalization(Builder& builder, FunctionId id) {
  const auto normalization = normalization_of(builder, id);
  if (!normalization) return false;
  const VariableId variable = builder.graph().function(id).inputs[0];
  const Value& x = builder.made(variable);
  if (x.loose || !x.is_float()) return false;
  std::vector<ValueId> inputs{builder.value_of(variable)};
  inputs.insert(inputs.end(), normalization->inputs.begin(), normalization->inputs.end());
  const ValueId y = add_normalized(builder, *normalization, x.layout, inputs);
  builder.add_step(
      std::make_unique<NormalizationStep>(builder, std::move(inputs), y, *normalization));
  return true;
}

}  // namespace octet::plan
