#include "octet/ops/tensor_normalization.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"
#include "octet/ops/shape_checks.h"
#include "octet/ops/standardize.h"

namespace octet {
namespace {

template <class Operation>
OutputTypes infer_normalization(const Operation& op, InputTypes inputs) {
  const Shape& x = inputs[0].shape;
  const size_t needed = 1 + (op.no_bias ? 0 : 1) + (op.no_scale ? 0 : 1);
  OCTET_CHECK(inputs.size() == needed, op.kType, "needs {} inputs (x{}{}), got {}", needed,
              op.no_bias ? "" : ", beta", op.no_scale ? "" : ", gamma", inputs.size());
  if (!op.no_bias) check_broadcasts_to(op.kType, "beta", inputs[1].shape, x);
  if (!op.no_scale) check_broadcasts_to(op.kType, "gamma", inputs.back().shape, x);
  return {{inputs[0].dtype, x, {}}};
}

template <class Operation>
OutputTensors scale_and_shift(const Operation& op, const at::Tensor& standardized,
                              InputTensors inputs) {
  at::Tensor y = standardized;
  if (!op.no_scale) y = y * inputs.back();
  if (!op.no_bias) y = y + inputs[1];
  return {y};
}

// The channel axis beside the batch axes, which must not hold it already.
template <class Operation>
IntList kept_axes(const Operation& op, int64_t rank) {
  IntList axes = op.batch_axis;
  axes.push_back(op.channel_axis);
  return named_axes(op.kType, axes, rank);
}

}  // namespace

OutputTypes infer(const TensorNormalization& op, InputTypes inputs) {
  named_axes(op.kType, op.axes, inputs[0].shape.rank());
  return infer_normalization(op, inputs);
}

OutputTensors forward(const TensorNormalization& op, InputTensors inputs, ForwardContext&) {
  const IntList kept = named_axes(op.kType, op.axes, inputs[0].dim());
  return scale_and_shift(op, standardize(inputs[0], kept, op.eps), inputs);
}

OutputTypes infer(const LayerNormalization& op, InputTypes inputs) {
  named_axes(op.kType, op.batch_axis, inputs[0].shape.rank());
  return infer_normalization(op, inputs);
}

OutputTensors forward(const LayerNormalization& op, InputTensors inputs, ForwardContext&) {
  const IntList kept = named_axes(op.kType, op.batch_axis, inputs[0].dim());
  return scale_and_shift(op, standardize(inputs[0], kept, op.eps), inputs);
}

OutputTypes infer(const InstanceNormalization& op, InputTypes inputs) {
  kept_axes(op, inputs[0].shape.rank());
  return infer_normalization(op, inputs);
}

OutputTensors forward(const InstanceNormalization& op, InputTensors inputs, ForwardContext&) {
  const IntList kept = kept_axes(op, inputs[0].dim());
  return scale_and_shift(op, standardize(inputs[0], kept, op.eps), inputs);
}

OutputTypes infer(const GroupNormalization& op, InputTypes inputs) {
  const Shape& x = inputs[0].shape;
  kept_axes(op, x.rank());
  const int64_t channels = x[normalize_axis(op.channel_axis, x.rank(), op.kType)];
  OCTET_CHECK(op.num_groups >= 1 && channels % op.num_groups == 0, op.kType,
              "{} channels do not divide into {} groups", channels, op.num_groups);
  return infer_normalization(op, inputs);
}

OutputTensors forward(const GroupNormalization& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor& x = inputs[0];
  const int64_t channel_axis = normalize_axis(op.channel_axis, x.dim(), op.kType);
  IntList kept = kept_axes(op, x.dim());
  // Once the channels are two dimensions, (group, channel in it), what follows moves up by one.
  for (int64_t& axis : kept) axis += axis > channel_axis ? 1 : 0;
  Shape split(x.sizes().vec());
  split[channel_axis] /= op.num_groups;
  split.insert(split.begin() + channel_axis, op.num_groups);
  const at::Tensor y = standardize(x.reshape(split), kept, op.eps).reshape(x.sizes());
  return scale_and_shift(op, y, inputs);
}

}  // namespace octet
