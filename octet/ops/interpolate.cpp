#include "octet/ops/interpolate.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"
#include "octet/ops/resized_axis.h"
#include "octet/ops/spatial.h"

namespace octet {
namespace {

// In single precision on purpose: which pixel a position rounds down to is part of the format.
float scale_of(const Interpolate& op, int64_t in, int64_t out) {
  if (op.mode == "nearest" && op.half_pixel_for_nn) {
    return static_cast<float>(in) / static_cast<float>(out);
  }
  if (out <= 1) return 0.0F;
  return op.align_corners ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
                          : static_cast<float>(in) / static_cast<float>(out);
}

float source_position(const Interpolate& op, float scale, int64_t o) {
  const auto position = static_cast<float>(o);
  if (op.mode == "nearest" && op.half_pixel_for_nn) return scale * (position + 0.5F);
  return op.half_pixel ? std::max(0.0F, scale * (position + 0.5F) - 0.5F) : scale * position;
}

at::Tensor resize_axis(const Interpolate& op, const at::Tensor& x, int64_t axis, int64_t out) {
  const ResizedAxis reads = resized_axis(op, x.size(axis), out);
  const at::Tensor lower = x.index_select(axis, at::tensor(reads.below).to(x.device()));
  if (op.mode == "nearest") return lower;
  const at::Tensor upper = x.index_select(axis, at::tensor(reads.above).to(x.device()));
  Shape along(static_cast<size_t>(x.dim()), 1);
  along[axis] = out;
  const at::Tensor weight = at::tensor(reads.weights).to(x.options()).reshape(along);
  return lower * (1 - weight) + upper * weight;
}

}  // namespace

ResizedAxis resized_axis(const Interpolate& op, int64_t in, int64_t out) {
  const float scale = scale_of(op, in, out);
  ResizedAxis reads;
  for (int64_t o = 0; o < out; ++o) {
    const float position = source_position(op, scale, o);
    reads.below.push_back(std::min(static_cast<int64_t>(position), in - 1));
    reads.above.push_back(std::min(reads.below.back() + 1, in - 1));
    reads.weights.push_back(position - static_cast<float>(reads.below.back()));
  }
  return reads;
}

OutputTypes infer(const Interpolate& op, InputTypes inputs) {
  const auto spatial = static_cast<int64_t>(op.output_size.size());
  OCTET_CHECK(spatial >= 1 && spatial <= 3, op.kType, "output_size {} must have 1 to 3 values",
              to_string(Shape(op.output_size)));
  OCTET_CHECK(op.mode == "linear" || op.mode == "nearest", op.kType,
              "mode '{}' must be 'linear' or 'nearest'", op.mode);
  Shape y = inputs[0].shape;
  const int64_t first = first_spatial_axis(op.kType, y, spatial, op.channel_last);
  for (int64_t i = 0; i < spatial; ++i) {
    OCTET_CHECK(op.output_size[i] >= 1, op.kType, "output_size {} must not be below 1",
                to_string(Shape(op.output_size)));
    y[first + i] = op.output_size[i];
  }
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const Interpolate& op, InputTensors inputs, ForwardContext&) {
  const auto spatial = static_cast<int64_t>(op.output_size.size());
  at::Tensor y = inputs[0];
  const int64_t first = y.dim() - spatial - (op.channel_last ? 1 : 0);
  for (int64_t i = 0; i < spatial; ++i) y = resize_axis(op, y, first + i, op.output_size[i]);
  return {y};
}

}  // namespace octet
