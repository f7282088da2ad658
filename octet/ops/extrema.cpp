#include "octet/ops/extrema.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

template <class Operation>
OutputTypes extremum_types(const Operation& op, InputTypes inputs) {
  const VariableType& x = inputs[0];
  check_number(x, op.kType);
  const IntList axes = normalized_axes(op.axes, x.shape.rank(), op.kType);
  for (const int64_t axis : axes) {
    OCTET_CHECK(x.shape[axis] != 0, op.kType, "axis {} of {} is empty", axis, to_string(x.shape));
  }
  const Shape shape = reduced_shape(x.shape, axes, op.keep_dims);
  const VariableType index{DType::kInt64, shape, {}};
  if (op.only_index) return {index};
  if (op.with_index) return {{x.dtype, shape, {}}, index};
  return {{x.dtype, shape, {}}};
}

// `find` is at::argmax or at::argmin: both name the first of equal values.
template <class Operation, class Find>
OutputTensors extremum(const Operation& op, const at::Tensor& x, Find&& find) {
  const IntList axes = normalized_axes(op.axes, x.dim(), op.kType);
  const at::Tensor candidates = reduced_axes_last(x, axes);
  const at::Tensor searched = candidates.detach();
  const at::Tensor position =
      op.last ? searched.size(-1) - 1 - find(searched.flip(-1)) : find(searched);
  const auto finish = [&](const at::Tensor& y) {
    const at::Tensor reduced = y.squeeze(-1);
    return op.keep_dims ? restore_reduced_axes(reduced, axes) : reduced;
  };
  if (op.only_index) return {finish(position)};
  OutputTensors outputs{finish(candidates.gather(-1, position))};
  if (op.with_index) outputs.push_back(finish(position));
  return outputs;
}

}  // namespace

OutputTypes infer(const Max& op, InputTypes inputs) {
  return extremum_types(op, inputs);
}

OutputTensors forward(const Max& op, InputTensors inputs, ForwardContext&) {
  return extremum(op, inputs[0],
                  [](const at::Tensor& x) { return at::argmax(x, /*dim=*/-1, /*keepdim=*/true); });
}

OutputTypes infer(const Min& op, InputTypes inputs) {
  return extremum_types(op, inputs);
}

OutputTensors forward(const Min& op, InputTensors inputs, ForwardContext&) {
  return extremum(op, inputs[0],
                  [](const at::Tensor& x) { return at::argmin(x, /*dim=*/-1, /*keepdim=*/true); });
}

}  // namespace octet
