#include "octet/ops/transpose.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

IntList permutation(const Transpose& op, int64_t rank) {
  IntList order;
  if (op.axes.empty()) {
    for (int64_t i = rank - 1; i >= 0; --i) order.push_back(i);
    return order;
  }
  OCTET_CHECK(static_cast<int64_t>(op.axes.size()) == rank, op.kType,
              "axes [{}] must name each of the {} dimensions", fmt::join(op.axes, ", "), rank);
  normalized_axes(op.axes, rank, op.kType);  // for its checks
  for (const int64_t axis : op.axes) order.push_back(normalize_axis(axis, rank, op.kType));
  return order;
}

}  // namespace

OutputTypes infer(const Transpose& op, InputTypes inputs) {
  const Shape& x = inputs[0].shape;
  Shape y;
  for (const int64_t axis : permutation(op, x.rank())) y.push_back(x[axis]);
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const Transpose& op, InputTensors inputs, ForwardContext&) {
  return {inputs[0].permute(permutation(op, inputs[0].dim()))};
}

OutputTypes infer(const Flip& op, InputTypes inputs) {
  normalized_axes(op.axes, inputs[0].shape.rank(), op.kType);
  return {{inputs[0].dtype, inputs[0].shape, {}}};
}

OutputTensors forward(const Flip& op, InputTensors inputs, ForwardContext&) {
  return {inputs[0].flip(op.axes)};
}

}  // namespace octet
