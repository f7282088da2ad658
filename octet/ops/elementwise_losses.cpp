#include "octet/ops/elementwise_losses.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/elementwise.h"
#include "octet/ops/numeric_limits.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

// A loss of two inputs whose shapes broadcast.
OutputTypes broadcast_loss_type(std::string_view type, InputTypes inputs) {
  check_floating(inputs[0], type);
  return infer_broadcast(type, inputs);
}

// A loss of two inputs of one shape.
void check_same_shape(std::string_view type, InputTypes inputs) {
  check_floating(inputs[0], type);
  const Shape& a = inputs[0].shape;
  const Shape& b = inputs[1].shape;
  bool fits = a.rank() == b.rank();
  for (int64_t i = 0; fits && i < a.rank(); ++i) fits = extents_agree(a[i], b[i]);
  OCTET_CHECK(fits, type, "inputs {} and {} must have the same shape", to_string(a), to_string(b));
}

at::Tensor log_above_zero(const at::Tensor& x) {
  return x.clamp_min(smallest_normal(x)).log();
}

}  // namespace

OutputTypes infer(const SquaredError&, InputTypes inputs) {
  return broadcast_loss_type(SquaredError::kType, inputs);
}

OutputTensors forward(const SquaredError&, InputTensors inputs, ForwardContext&) {
  return {(inputs[0] - inputs[1]).square()};
}

OutputTypes infer(const AbsoluteError&, InputTypes inputs) {
  return broadcast_loss_type(AbsoluteError::kType, inputs);
}

OutputTensors forward(const AbsoluteError&, InputTensors inputs, ForwardContext&) {
  return {(inputs[0] - inputs[1]).abs()};
}

OutputTypes infer(const HuberLoss& op, InputTypes inputs) {
  OCTET_CHECK(op.delta > 0, op.kType, "delta {} must be above 0", op.delta);
  return broadcast_loss_type(op.kType, inputs);
}

OutputTensors forward(const HuberLoss& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor difference = inputs[0] - inputs[1];
  const at::Tensor magnitude = difference.abs();
  return {at::where(magnitude.lt(op.delta), difference.square(),
                    (2 * magnitude - op.delta) * op.delta)};
}

OutputTypes infer(const EpsilonInsensitiveLoss& op, InputTypes inputs) {
  OCTET_CHECK(op.epsilon >= 0, op.kType, "epsilon {} must not be negative", op.epsilon);
  return broadcast_loss_type(op.kType, inputs);
}

OutputTensors forward(const EpsilonInsensitiveLoss& op, InputTensors inputs, ForwardContext&) {
  return {((inputs[0] - inputs[1]).abs() - op.epsilon).relu()};
}

OutputTypes infer(const SigmoidCrossEntropy&, InputTypes inputs) {
  check_same_shape(SigmoidCrossEntropy::kType, inputs);
  return {{inputs[0].dtype, inputs[0].shape, {}}};
}

OutputTensors forward(const SigmoidCrossEntropy&, InputTensors inputs, ForwardContext&) {
  const at::Tensor& x = inputs[0];
  const at::Tensor target = inputs[1].to(x.scalar_type());
  return {at::binary_cross_entropy_with_logits(x, target, /*weight=*/{}, /*pos_weight=*/{},
                                               at::Reduction::None)};
}

OutputTypes infer(const BinaryCrossEntropy&, InputTypes inputs) {
  check_same_shape(BinaryCrossEntropy::kType, inputs);
  return {{inputs[0].dtype, inputs[0].shape, {}}};
}

OutputTensors forward(const BinaryCrossEntropy&, InputTensors inputs, ForwardContext&) {
  const at::Tensor& x = inputs[0];
  const at::Tensor target = inputs[1].to(x.scalar_type());
  return {(target * log_above_zero(x) + (1 - target) * log_above_zero(1 - x)).neg()};
}

OutputTypes infer(const KLMultinomial& op, InputTypes inputs) {
  check_same_shape(op.kType, inputs);
  const Shape& p = inputs[0].shape;
  const int64_t axis = normalize_axis(op.base_axis, p.rank(), op.kType);
  Shape y(std::vector<int64_t>(p.begin(), p.begin() + axis));
  y.push_back(1);
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const KLMultinomial& op, InputTensors inputs, ForwardContext&) {
  constexpr double kOffset = 1e-8;
  const at::Tensor& p = inputs[0];
  const at::Tensor& q = inputs[1];
  const at::Tensor terms = p * ((p + kOffset).log() - (q + kOffset).log());
  return {terms.flatten(op.base_axis).sum(-1, /*keepdim=*/true)};
}

}  // namespace octet
