#include "octet/ops/metrics.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/index_checks.h"
#include "octet/ops/op_types.h"

namespace octet {

OutputTypes infer(const TopNError& op, InputTypes inputs) {
  OCTET_CHECK(op.n >= 1, op.kType, "n {} must be at least 1", op.n);
  check_floating(inputs[0], op.kType);
  Shape y = inputs[0].shape;
  y[check_label_shape(op.kType, inputs, op.axis)] = 1;
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const TopNError& op, InputTensors inputs, ForwardContext& context) {
  const at::Tensor x = inputs[0].detach();
  const ClassLabels labels =
      checked_labels(inputs[1], x.size(op.axis), location(context, op.kType));
  const at::Tensor label_score = x.gather(op.axis, labels.index);
  // "Not below" rather than "at least", so that NaN scores are errors.
  const at::Tensor rank = x.lt(label_score).logical_not().sum(op.axis, /*keepdim=*/true);
  at::Tensor error = rank.gt(op.n);
  if (labels.ignored.defined()) error = error.logical_and(labels.ignored.logical_not());
  return {error.to(x.scalar_type())};
}

OutputTypes infer(const BinaryError&, InputTypes inputs) {
  check_floating(inputs[0], BinaryError::kType);
  const Shape& x = inputs[0].shape;
  const Shape& target = inputs[1].shape;
  bool fits = x.rank() == target.rank();
  for (int64_t i = 0; fits && i < x.rank(); ++i) fits = extents_agree(x[i], target[i]);
  OCTET_CHECK(fits, BinaryError::kType, "inputs {} and {} must have the same shape", to_string(x),
              to_string(target));
  return {{inputs[0].dtype, x, {}}};
}

OutputTensors forward(const BinaryError&, InputTensors inputs, ForwardContext&) {
  return {inputs[0].ge(0.5).ne(inputs[1].ge(0.5)).to(inputs[0].scalar_type())};
}

OutputTypes infer(const ConfusionMatrix& op, InputTypes inputs) {
  check_floating(inputs[0], op.kType);
  const int64_t classes = inputs[0].shape[check_label_shape(op.kType, inputs, op.axis)];
  return {{DType::kInt64, {classes, classes}, {}}};
}

OutputTensors forward(const ConfusionMatrix& op, InputTensors inputs, ForwardContext& context) {
  const at::Tensor x = inputs[0].detach();
  const int64_t classes = x.size(op.axis);
  const ClassLabels labels = checked_labels(inputs[1], classes, location(context, op.kType));
  const at::Tensor predicted = at::argmax(x, op.axis, /*keepdim=*/true);
  at::Tensor cell = (labels.index * classes + predicted).flatten();
  if (labels.ignored.defined()) {
    cell = cell.masked_select(labels.ignored.flatten().logical_not());
  }
  return {at::bincount(cell, {}, classes * classes).reshape({classes, classes})};
}

}  // namespace octet
