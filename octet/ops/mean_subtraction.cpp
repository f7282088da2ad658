#include "octet/ops/mean_subtraction.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"
#include "octet/ops/shape_checks.h"

namespace octet {

OutputTypes infer(const MeanSubtraction& op, InputTypes inputs) {
  const Shape& x = inputs[0].shape;
  OCTET_CHECK(op.base_axis >= 0 && op.base_axis < x.rank(), op.kType,
              "base_axis {} is outside of input {}", op.base_axis, to_string(x));
  check_shape(op.kType, "rmean", inputs[1].shape,
              std::vector<int64_t>(x.begin() + op.base_axis, x.end()));
  if (op.update_running_mean) {
    OCTET_CHECK(inputs.size() == 3, op.kType,
                "needs 3 inputs (x, rmean, t) to update the running mean, got {}", inputs.size());
    OCTET_CHECK(inputs[2].shape.num_elements() == 1, op.kType, "t {} must be one number",
                to_string(inputs[2].shape));
  }
  return {{inputs[0].dtype, x, {}}};
}

OutputTensors forward(const MeanSubtraction& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor& x = inputs[0];
  const at::Tensor mean = inputs[1].detach();
  // A copy: a later run changes the parameter in place.
  if (!op.update_running_mean) return {x - mean.clone()};
  const at::Tensor t = inputs[2].detach();
  at::Tensor offset;
  at::Tensor share;
  {
    const at::NoGradGuard no_grad;
    const at::Tensor samples = op.base_axis == 0 ? x.unsqueeze(0) : x.flatten(0, op.base_axis - 1);
    t.add_(1);
    mean.add_((samples.mean(0) - mean) / t.reshape({}));
    share = 1.0 / (t.reshape({}) * static_cast<double>(samples.size(0)));
    // y = (1 - share) x + offset has the value x - mean and the gradient wanted.
    offset = x * share - mean;
  }
  return {x * (1.0 - share) + offset};
}

}  // namespace octet
