#include "octet/ops/depthwise_convolution.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"
#include "octet/ops/shape_checks.h"
#include "octet/ops/spatial.h"

namespace octet {

OutputTypes infer(const DepthwiseConvolution& op, InputTypes inputs) {
  const Shape& x = inputs[0].shape;
  const Shape& w = inputs[1].shape;
  const int64_t spatial = w.rank() - 1;
  OCTET_CHECK(spatial >= 1 && spatial <= 3, op.kType,
              "weight {} must have 2 to 4 dimensions: (channels * multiplier, kernel...)",
              to_string(w));
  OCTET_CHECK(op.base_axis >= 0 && x.rank() == op.base_axis + 1 + spatial, op.kType,
              "input {} does not fit weight {} with base_axis {}", to_string(x), to_string(w),
              op.base_axis);
  const int64_t channels = x[op.base_axis];
  OCTET_CHECK(op.multiplier >= 1 && w[0] == channels * op.multiplier, op.kType,
              "weight {} must begin with {} input channels times multiplier {}", to_string(w),
              channels, op.multiplier);
  if (inputs.size() > 2) check_shape(op.kType, "bias", inputs[2].shape, {w[0]});
  const SpatialParameters parameters(op.kType, spatial, op.pad, op.stride, op.dilation);
  Shape y = x;
  y[op.base_axis] = w[0];
  for (int64_t i = 0; i < spatial; ++i) {
    const int64_t axis = op.base_axis + 1 + i;
    y[axis] = parameters.convolved_extent(op.kType, i, x[axis], w[1 + i]);
  }
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const DepthwiseConvolution& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor weight = inputs[1].unsqueeze(1);
  const int64_t spatial = weight.dim() - 2;
  const SpatialParameters p(op.kType, spatial, op.pad, op.stride, op.dilation);
  const SpatialLayout layout(op.base_axis, spatial, /*channel_last=*/false);
  const at::Tensor bias = inputs.size() > 2 ? inputs[2] : at::Tensor();
  const at::Tensor x = layout.to_batch_channel_first(inputs[0]);
  const at::Tensor y = at::convolution(x, weight, bias, p.stride, p.pad, p.dilation,
                                       /*transposed=*/false, Shape(spatial, 0), x.size(1));
  return {layout.from_batch_channel_first(y, inputs[0])};
}

}  // namespace octet
