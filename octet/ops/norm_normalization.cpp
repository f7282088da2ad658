#include "octet/ops/norm_normalization.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/op_types.h"

namespace octet {

OutputTypes infer(const NormNormalization& op, InputTypes inputs) {
  OCTET_CHECK(op.p >= 1, op.kType, "p {} must be at least 1", op.p);
  normalized_axes(op.axes, inputs[0].shape.rank(), op.kType);
  return {{inputs[0].dtype, inputs[0].shape, {}}};
}

OutputTensors forward(const NormNormalization& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor& x = inputs[0];
  const IntList axes = normalized_axes(op.axes, x.dim(), op.kType);
  const double p = op.p;
  const at::Tensor powers = p == 2.0 ? x.square() : x.abs().pow(p);
  return {x / (powers.sum(axes, /*keepdim=*/true) + op.eps).pow(1.0 / p)};
}

}  // namespace octet
