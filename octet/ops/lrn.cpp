#include "octet/ops/lrn.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/op_types.h"

namespace octet {

OutputTypes infer(const LRN& op, InputTypes inputs) {
  check_floating(inputs[0], op.kType);
  const Shape& x = inputs[0].shape;
  OCTET_CHECK(x.rank() >= 2, op.kType, "input {} must have at least 2 dimensions: (N, C, ...)",
              to_string(x));
  OCTET_CHECK(op.size >= 1, op.kType, "size {} must not be below 1", op.size);
  return {{inputs[0].dtype, x, {}}};
}

OutputTensors forward(const LRN& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor& x = inputs[0];
  const at::Tensor square = (x * x).movedim(1, -1);
  const int64_t before = (op.size - 1) / 2;
  const at::Tensor padded = at::constant_pad_nd(square, {before, op.size - 1 - before}, 0);
  const at::Tensor sums = padded.unfold(-1, op.size, 1).sum(-1).movedim(-1, 1);
  const double factor = static_cast<double>(op.alpha) / static_cast<double>(op.size);
  return {x / (sums * factor + op.bias).pow(op.beta)};
}

}  // namespace octet
