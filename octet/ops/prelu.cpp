#include "octet/ops/prelu.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"

namespace octet {

OutputTypes infer(const PReLU& op, InputTypes inputs) {
  const Shape& x = inputs[0].shape;
  const Shape& slope = inputs[1].shape;
  if (slope.num_elements() != 1) {
    OCTET_CHECK(op.base_axis >= 0 && op.base_axis < x.rank(), op.kType,
                "base_axis {} is outside of input {}", op.base_axis, to_string(x));
    OCTET_CHECK(slope == Shape({x[op.base_axis]}), op.kType,
                "slope {} must be one number or ({}), the channels of input {}", to_string(slope),
                x[op.base_axis], to_string(x));
  }
  return {{inputs[0].dtype, x, {}}};
}

OutputTensors forward(const PReLU& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor& x = inputs[0];
  at::Tensor slope = inputs[1];
  if (slope.numel() == 1) {
    slope = slope.reshape({});
  } else {
    Shape shape(static_cast<size_t>(x.dim()), 1);
    shape[op.base_axis] = slope.numel();
    slope = slope.reshape(shape);
  }
  return {at::where(x >= 0, x, slope * x)};
}

}  // namespace octet
