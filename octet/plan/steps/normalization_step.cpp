#include "octet/plan/steps/normalization_step.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/kernels/onednn/normalization.h"
#include "octet/ops/batch_normalization.h"

namespace octet::plan {

namespace {

class NormalizationStep : public Step {
 public:
  NormalizationStep(Builder& builder, std::string name, std::vector<ValueId> inputs,
                    std::vector<ValueId> outputs, const BatchNormalization& op)
      : Step(std::move(name), std::move(inputs), std::move(outputs)),
        op_(op),
        at_(op, this->inputs().size()) {
    const Value& x = builder.value(this->inputs()[0]);
    channels_ = x.shape[1];
    normalization_.emplace(
        x.shape, x.layout,
        kernels::Normalization::Options{.epsilon = op.eps,
                                        .batch_statistics = op.batch_stat,
                                        .gradients = x.needs_gradient || builder.gradients()});
    ones_.assign(channels_, 1.0F);
    zeros_.assign(channels_, 0.0F);
    unwanted_.resize(channels_);
    mean_.resize(channels_);
    var_.resize(channels_);
    if (builder.gradients()) {
      memory.saved = {this->inputs()[0]};
      if (!x.needs_gradient) {
        unwanted_dx_ = builder.add_buffer(x.elements() * 4);
        memory.backward_scratch.push_back(unwanted_dx_);
      }
    }
  }

  std::string kernel() const override { return "onednn:f32"; }

  void forward() override {
    if (!op_.batch_stat) {
      std::copy_n(input(at_.mean).floats(), channels_, mean_.begin());
      std::copy_n(input(at_.variance).floats(), channels_, var_.begin());
    }
    normalization_->forward(input(0).floats(), gamma(), beta(), mean_.data(), var_.data(),
                            output().floats());
    if (op_.batch_stat && at_.mean >= 0) update_running_statistics();
  }

  void backward() override {
    float* dx = input_gradient(0);
    if (dx == nullptr) dx = float_buffer(unwanted_dx_);
    float* dgamma = at_.gamma < 0 ? nullptr : input_gradient(at_.gamma);
    float* dbeta = at_.beta < 0 ? nullptr : input_gradient(at_.beta);
    normalization_->backward(input(0).floats(), output().gradient, gamma(), beta(), mean_.data(),
                             var_.data(), dx, dgamma != nullptr ? dgamma : unwanted_.data(),
                             dbeta != nullptr ? dbeta : unwanted_.data());
  }

 private:
  const float* gamma() const { return at_.gamma < 0 ? ones_.data() : input(at_.gamma).floats(); }

  const float* beta() const { return at_.beta < 0 ? zeros_.data() : input(at_.beta).floats(); }

  // In place: the parameters' own memory (batch_normalization.h).
  void update_running_statistics() {
    const auto values = static_cast<float>(input(0).elements() / channels_);
    const float keep = op_.decay_rate, take = 1 - op_.decay_rate;
    const float unbiased = values / (values - 1);
    float* mean = input(at_.mean).floats();
    float* variance = input(at_.variance).floats();
    for (int64_t c = 0; c < channels_; ++c) {
      mean[c] = keep * mean[c] + take * mean_[c];
      variance[c] = keep * variance[c] + take * unbiased * var_[c];
    }
  }

  BatchNormalization op_;
  BatchNormalizationInputs at_;
  int64_t channels_ = 0;
  std::optional<kernels::Normalization> normalization_;
  std::vector<float> ones_, zeros_, unwanted_, mean_, var_;
  BufferId unwanted_dx_ = kNoId;
};

}  // namespace

bool add_normalization(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto* op = std::get_if<BatchNormalization>(&function.attributes);
  if (op == nullptr || op->axes != IntList{1}) return false;
  const Value& x = builder.made(function.inputs[0]);
  if (x.loose || !x.is_float() || x.shape.rank() != 4) return false;
  const int64_t values = x.shape[0] * x.shape[2] * x.shape[3];
  // The reference says what is wrong with one value per channel.
  if (op->batch_stat && values <= 1) return false;
  std::vector<ValueId> inputs;
  for (const VariableId variable : function.inputs) {
    const Value& value = builder.made(variable);
    if (!value.is_float() || (variable != function.inputs[0] && !value.is_leaf)) return false;
    inputs.push_back(builder.value_of(variable));
  }
  const ValueId y = builder.add_value(function.outputs[0], ElementType::kFloat32, x.layout, inputs);
  builder.add_step(std::make_unique<NormalizationStep>(
      builder, builder.graph().display_name(id), std::move(inputs), std::vector<ValueId>{y}, *op));
  return true;
}

}  // namespace octet::plan
