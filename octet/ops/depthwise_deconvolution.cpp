#include "octet/ops/depthwise_deconvolution.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"
#include "octet/ops/shape_checks.h"
#include "octet/ops/spatial.h"

namespace octet {

OutputTypes infer(const DepthwiseDeconvolution& op, InputTypes inputs) {
  const Shape& x = inputs[0].shape;
  const Shape& w = inputs[1].shape;
  const int64_t spatial = w.rank() - 1;
  OCTET_CHECK(spatial >= 1 && spatial <= 3, op.kType,
              "weight {} must have 2 to 4 dimensions: (channels, kernel...)", to_string(w));
  OCTET_CHECK(op.base_axis >= 0 && x.rank() == op.base_axis + 1 + spatial, op.kType,
              "input {} does not fit weight {} with base_axis {}", to_string(x), to_string(w),
              op.base_axis);
  const int64_t channels = x[op.base_axis];
  OCTET_CHECK(channels == w[0], op.kType, "weight {} must begin with the {} input channels",
              to_string(w), channels);
  OCTET_CHECK(op.divisor >= 1 && channels % op.divisor == 0, op.kType,
              "divisor {} does not divide {} channels", op.divisor, channels);
  const int64_t outmaps = channels / op.divisor;
  if (inputs.size() > 2) check_shape(op.kType, "bias", inputs[2].shape, {outmaps});
  const SpatialParameters parameters(op.kType, spatial, op.pad, op.stride, op.dilation);
  Shape y = x;
  y[op.base_axis] = outmaps;
  for (int64_t i = 0; i < spatial; ++i) {
    const int64_t axis = op.base_axis + 1 + i;
    y[axis] = parameters.deconvolved_extent(op.kType, i, x[axis], w[1 + i], /*extra=*/0);
  }
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const DepthwiseDeconvolution& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor weight = inputs[1].unsqueeze(1);
  const int64_t spatial = weight.dim() - 2;
  const SpatialParameters p(op.kType, spatial, op.pad, op.stride, op.dilation);
  const SpatialLayout layout(op.base_axis, spatial, /*channel_last=*/false);
  const at::Tensor bias = inputs.size() > 2 ? inputs[2] : at::Tensor();
  const at::Tensor x = layout.to_batch_channel_first(inputs[0]);
  // A group of `divisor` channels with one output channel is that sum.
  const at::Tensor y =
      at::convolution(x, weight, bias, p.stride, p.pad, p.dilation, /*transposed=*/true,
                      Shape(spatial, 0), x.size(1) / op.divisor);
  return {layout.from_batch_channel_first(y, inputs[0])};
}

}  // namespace octet
