#include "octet/ops/cumulative.h"

#include <ATen/ATen.h>

#include "octet/ops/axes.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

template <class Operation>
OutputTypes scan_type(const Operation& op, InputTypes inputs) {
  check_number(inputs[0], op.kType);
  normalize_axis(op.axis, inputs[0].shape.rank(), op.kType);
  return {{inputs[0].dtype, inputs[0].shape, {}}};
}

// `neutral` is what an exclusive scan starts with.
template <class Operation, class Scan>
OutputTensors scanned(const Operation& op, const at::Tensor& x, double neutral, Scan&& scan) {
  at::Tensor y = op.reverse ? x.flip(op.axis) : x;
  const int64_t extent = y.size(op.axis);
  if (op.exclusive && extent > 0) {
    const at::Tensor first = at::full_like(y.narrow(op.axis, 0, 1), neutral);
    y = at::cat({first, y.narrow(op.axis, 0, extent - 1)}, op.axis);
  }
  y = scan(y);
  return {op.reverse ? y.flip(op.axis) : y};
}

}  // namespace

OutputTypes infer(const CumSum& op, InputTypes inputs) {
  return scan_type(op, inputs);
}

OutputTensors forward(const CumSum& op, InputTensors inputs, ForwardContext&) {
  return scanned(op, inputs[0], 0.0,
                 [&](const at::Tensor& x) { return at::cumsum(x, op.axis, x.scalar_type()); });
}

OutputTypes infer(const CumProd& op, InputTypes inputs) {
  return scan_type(op, inputs);
}

OutputTensors forward(const CumProd& op, InputTensors inputs, ForwardContext&) {
  return scanned(op, inputs[0], 1.0,
                 [&](const at::Tensor& x) { return at::cumprod(x, op.axis, x.scalar_type()); });
}

}  // namespace octet
