#include "octet/ops/reductions.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

template <class Operation>
OutputTypes reduced_type(const Operation& op, InputTypes inputs) {
  const VariableType& x = inputs[0];
  const IntList axes = normalized_axes(op.axes, x.shape.rank(), op.kType);
  return {{x.dtype, reduced_shape(x.shape, axes, op.keep_dims), {}}};
}

template <class Operation>
IntList axes_of(const Operation& op, const at::Tensor& x) {
  return normalized_axes(op.axes, x.dim(), op.kType);
}

}  // namespace

OutputTypes infer(const Sum& op, InputTypes inputs) {
  check_number(inputs[0], op.kType);
  return reduced_type(op, inputs);
}

OutputTensors forward(const Sum& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor& x = inputs[0];
  return {at::sum(x, axes_of(op, x), op.keep_dims, x.scalar_type())};
}

OutputTypes infer(const Mean& op, InputTypes inputs) {
  check_floating(inputs[0], op.kType);
  return reduced_type(op, inputs);
}

OutputTensors forward(const Mean& op, InputTensors inputs, ForwardContext&) {
  return {at::mean(inputs[0], axes_of(op, inputs[0]), op.keep_dims)};
}

OutputTypes infer(const Prod& op, InputTypes inputs) {
  check_number(inputs[0], op.kType);
  return reduced_type(op, inputs);
}

OutputTensors forward(const Prod& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor& x = inputs[0];
  const IntList axes = axes_of(op, x);
  const at::Tensor y =
      at::prod(reduced_axes_last(x, axes), /*dim=*/-1, /*keepdim=*/false, x.scalar_type());
  return {op.keep_dims ? restore_reduced_axes(y, axes) : y};
}

OutputTypes infer(const Norm& op, InputTypes inputs) {
  check_floating(inputs[0], op.kType);
  OCTET_CHECK(op.p > 0, op.kType, "p {} must be above 0", op.p);
  return reduced_type(op, inputs);
}

OutputTensors forward(const Norm& op, InputTensors inputs, ForwardContext&) {
  return {at::linalg_vector_norm(inputs[0], op.p, axes_of(op, inputs[0]), op.keep_dims)};
}

OutputTypes infer(const LogSumExp& op, InputTypes inputs) {
  check_floating(inputs[0], op.kType);
  return reduced_type(op, inputs);
}

OutputTensors forward(const LogSumExp& op, InputTensors inputs, ForwardContext&) {
  return {at::logsumexp(inputs[0], axes_of(op, inputs[0]), op.keep_dims)};
}

}  // namespace octet
