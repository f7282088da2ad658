#include "octet/ops/class_losses.h"

#include <ATen/ATen.h>

#include "octet/ops/axes.h"
#include "octet/ops/index_checks.h"
#include "octet/ops/numeric_limits.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

OutputTypes class_loss_type(std::string_view type, int64_t axis, InputTypes inputs) {
  check_floating(inputs[0], type);
  axis = check_label_shape(type, inputs, axis);
  Shape y = inputs[0].shape;
  y[axis] = 1;
  return {{inputs[0].dtype, y, {}}};
}

// -log_probability[label], zero where a label is ignored.
at::Tensor picked_loss(const at::Tensor& log_probability, const ClassLabels& labels, int64_t axis) {
  const at::Tensor loss = log_probability.gather(axis, labels.index).neg();
  return labels.ignored.defined() ? loss.masked_fill(labels.ignored, 0) : loss;
}

}  // namespace

OutputTypes infer(const SoftmaxCrossEntropy& op, InputTypes inputs) {
  return class_loss_type(op.kType, op.axis, inputs);
}

OutputTensors forward(const SoftmaxCrossEntropy& op, InputTensors inputs, ForwardContext& context) {
  const at::Tensor& x = inputs[0];
  const ClassLabels labels =
      checked_labels(inputs[1], x.size(op.axis), location(context, op.kType));
  return {picked_loss(at::log_softmax(x, op.axis), labels, op.axis)};
}

OutputTypes infer(const CategoricalCrossEntropy& op, InputTypes inputs) {
  return class_loss_type(op.kType, op.axis, inputs);
}

OutputTensors forward(const CategoricalCrossEntropy& op, InputTensors inputs,
                      ForwardContext& context) {
  const at::Tensor& x = inputs[0];
  const ClassLabels labels =
      checked_labels(inputs[1], x.size(op.axis), location(context, op.kType));
  return {picked_loss(x.clamp_min(smallest_normal(x)).log(), labels, op.axis)};
}

}  // namespace octet
