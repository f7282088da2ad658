#include "octet/ops/deconvolution.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"
#include "octet/ops/shape_checks.h"
#include "octet/ops/spatial.h"

namespace octet {
namespace {

Shape checked_output_padding(const Deconvolution& op, const SpatialParameters& parameters) {
  const int64_t spatial = parameters.pad.rank();
  if (op.output_padding.empty()) return Shape(static_cast<size_t>(spatial), 0);
  OCTET_CHECK(op.output_padding.rank() == spatial, op.kType,
              "output_padding {} must have {} values", to_string(op.output_padding), spatial);
  for (int64_t i = 0; i < spatial; ++i) {
    const int64_t limit = std::max(parameters.stride[i], parameters.dilation[i]);
    OCTET_CHECK(op.output_padding[i] >= 0 && op.output_padding[i] < limit, op.kType,
                "output_padding {} must be from 0 to below stride or dilation",
                to_string(op.output_padding));
  }
  return op.output_padding;
}

}  // namespace

OutputTypes infer(const Deconvolution& op, InputTypes inputs) {
  const Shape& x = inputs[0].shape;
  const Shape& w = inputs[1].shape;
  const int64_t spatial = w.rank() - 2;
  OCTET_CHECK(spatial >= 1 && spatial <= 3, op.kType,
              "weight {} must have 3 to 5 dimensions: (channels, outmaps / group, kernel...)",
              to_string(w));
  OCTET_CHECK(op.base_axis >= 0 && x.rank() == op.base_axis + 1 + spatial, op.kType,
              "input {} does not fit weight {} with base_axis {}", to_string(x), to_string(w),
              op.base_axis);
  const SpatialLayout layout(op.base_axis, spatial, op.channel_last);
  const int64_t channels = x[layout.channel_axis()];
  OCTET_CHECK(op.group >= 1 && channels == w[0] && channels % op.group == 0, op.kType,
              "{} input channels do not fit weight {} in {} groups", channels, to_string(w),
              op.group);
  const int64_t outmaps = (op.channel_last ? w.back() : w[1]) * op.group;
  if (inputs.size() > 2) check_shape(op.kType, "bias", inputs[2].shape, {outmaps});
  const SpatialParameters parameters(op.kType, spatial, op.pad, op.stride, op.dilation);
  const Shape extra = checked_output_padding(op, parameters);
  Shape y = x;
  y[layout.channel_axis()] = outmaps;
  for (int64_t i = 0; i < spatial; ++i) {
    const int64_t kernel = w[(op.channel_last ? 1 : 2) + i];
    const int64_t axis = layout.spatial_axis(i);
    y[axis] = parameters.deconvolved_extent(op.kType, i, x[axis], kernel, extra[i]);
  }
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const Deconvolution& op, InputTensors inputs, ForwardContext&) {
  const int64_t spatial = inputs[1].dim() - 2;
  const SpatialParameters p(op.kType, spatial, op.pad, op.stride, op.dilation);
  const SpatialLayout layout(op.base_axis, spatial, op.channel_last);
  const at::Tensor weight = op.channel_last ? inputs[1].movedim(-1, 1) : inputs[1];
  const at::Tensor bias = inputs.size() > 2 ? inputs[2] : at::Tensor();
  const at::Tensor x = layout.to_batch_channel_first(inputs[0]);
  const at::Tensor y =
      at::convolution(x, weight, bias, p.stride, p.pad, p.dilation, /*transposed=*/true,
                      checked_output_padding(op, p), op.group);
  return {layout.from_batch_channel_first(y, inputs[0])};
}

}  // namespace octet
