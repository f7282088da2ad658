#include "octet/plan/steps/loss_step.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/kernels/softmax_cross_entropy.h"
#include "octet/ops/class_losses.h"
#include "octet/ops/index_checks.h"

namespace octet::plan {

namespace {

constexpr size_t kX = 0, kLabel = 1;

class SoftmaxCrossEntropyStep : public Step {
 public:
  SoftmaxCrossEntropyStep(Builder& builder, std::string name, std::vector<ValueId> inputs,
                          ValueId y, int64_t classes)
      : Step(std::move(name), std::move(inputs), {y}), classes_(classes) {
    const Value& x = builder.value(this->inputs()[kX]);
    labels_.resize(x.elements() / classes);
    if (!x.needs_gradient) return;
    gradient_ = builder.add_buffer(x.elements() * 4);
    memory.kept = {gradient_};
  }

  std::string kernel() const override { return "softmax_cross_entropy"; }

  void forward() override {
    const ClassLabels labels = checked_labels(
        input(kLabel).tensor, classes_, fmt::format("{}: {}", name(), SoftmaxCrossEntropy::kType));
    const at::Tensor index =
        labels.ignored.defined() ? labels.index.masked_fill(labels.ignored, -1) : labels.index;
    const at::Tensor flat = index.contiguous();
    std::copy_n(flat.data_ptr<int64_t>(), labels_.size(), labels_.begin());
    kernels::softmax_cross_entropy(input(kX).floats(), labels_.data(),
                                   static_cast<int64_t>(labels_.size()), classes_,
                                   output().floats(), wants_gradient() ? gradient() : nullptr);
  }

  void backward() override {
    float* dx = input_gradient(kX);
    if (dx == nullptr) return;
    kernels::softmax_cross_entropy_backward(gradient(), output().gradient,
                                            static_cast<int64_t>(labels_.size()), classes_, dx);
  }

 private:
  bool wants_gradient() const { return gradient_ != kNoId && context.gradients; }
  float* gradient() const { return float_buffer(gradient_); }

  int64_t classes_;
  std::vector<int64_t> labels_;
  BufferId gradient_ = kNoId;  // of each loss with respect to its scores
};

// The classes, if they are the last extent but ones.
std::optional<int64_t> last_classes(const Shape& x, int64_t axis) {
  if (axis < 0) axis += x.rank();
  for (int64_t i = axis + 1; i < x.rank(); ++i) {
    if (x[i] != 1) return std::nullopt;
  }
  return x[axis];
}

}  // namespace

bool add_softmax_cross_entropy(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto* op = std::get_if<SoftmaxCrossEntropy>(&function.attributes);
  if (op == nullptr) return false;
  const Value& x = builder.made(function.inputs[kX]);
  const Value& label = builder.made(function.inputs[kLabel]);
  if (!x.is_float() || x.elements() == 0 || !label.loose || label.needs_gradient) return false;
  const auto classes = last_classes(x.shape, op->axis);
  if (!classes) return false;
  const std::vector<ValueId> inputs{builder.as_floats(function.inputs[kX], kernels::Layout::kPlain),
                                    builder.value_of(function.inputs[kLabel])};
  const ValueId y = builder.add_value(function.outputs[0], ElementType::kFloat32,
                                      kernels::Layout::kPlain, inputs);
  builder.add_step(std::make_unique<SoftmaxCrossEntropyStep>(
      builder, builder.graph().display_name(id), inputs, y, *classes));
  return true;
}

}  // namespace octet::plan
