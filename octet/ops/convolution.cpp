#include "octet/ops/convolution.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"
#include "octet/ops/spatial.h"

namespace octet {

OutputTypes infer(const Convolution& op, InputTypes inputs) {
  const Shape& x = inputs[0].shape;
  const Shape& w = inputs[1].shape;
  const int64_t spatial = w.rank() - 2;
  OCTET_CHECK(spatial >= 1 && spatial <= 3, op.kType,
              "weight {} must have 3 to 5 dimensions: (outmaps, channels / group, kernel...)",
              to_string(w));
  OCTET_CHECK(op.base_axis >= 0 && x.rank() == op.base_axis + 1 + spatial, op.kType,
              "input {} does not fit weight {} with base_axis {}", to_string(x), to_string(w),
              op.base_axis);
  const SpatialLayout layout(op.base_axis, spatial, op.channel_last);
  const int64_t channels = x[layout.channel_axis()];
  const int64_t weight_channels = op.channel_last ? w.back() : w[1];
  OCTET_CHECK(op.group >= 1 && channels == weight_channels * op.group && w[0] % op.group == 0,
              op.kType,
              "{} input channels and {} output channels do not fit weight {} in {} groups",
              channels, w[0], to_string(w), op.group);
  if (inputs.size() > 2) {
    OCTET_CHECK(inputs[2].shape == Shape({w[0]}), op.kType, "bias {} must be ({})",
                to_string(inputs[2].shape), w[0]);
  }
  const SpatialParameters parameters(op.kType, spatial, op.pad, op.stride, op.dilation);
  Shape y = x;
  y[layout.channel_axis()] = w[0];
  for (int64_t i = 0; i < spatial; ++i) {
    const int64_t kernel = w[(op.channel_last ? 1 : 2) + i];
    y[layout.spatial_axis(i)] =
        parameters.convolved_extent(op.kType, i, x[layout.spatial_axis(i)], kernel);
  }
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const Convolution& op, InputTensors inputs, ForwardContext&) {
  const int64_t spatial = inputs[1].dim() - 2;
  const SpatialParameters p(op.kType, spatial, op.pad, op.stride, op.dilation);
  const SpatialLayout layout(op.base_axis, spatial, op.channel_last);
  const at::Tensor weight = op.channel_last ? inputs[1].movedim(-1, 1) : inputs[1];
  const at::Tensor bias = inputs.size() > 2 ? inputs[2] : at::Tensor();
  const at::Tensor x = layout.to_batch_channel_first(inputs[0]);
  const at::Tensor y = at::convolution(x, weight, bias, p.stride, p.pad, p.dilation,
                                       /*transposed=*/false, Shape(spatial, 0), op.group);
  return {layout.from_batch_channel_first(y, inputs[0])};
}

}  // namespace octet
