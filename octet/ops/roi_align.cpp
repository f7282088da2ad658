#include "octet/ops/roi_align.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/index_checks.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

// Along one dimension, more than any image needs; a region without bounds would take all memory.
constexpr float kMostSamples = 1 << 16;

// The samples of a region along one dimension, bin by bin: their neighbours and what these weigh.
struct Samples {
  int64_t per_bin = 0;
  std::vector<int64_t> below;
  std::vector<int64_t> above;
  std::vector<double> below_weight;
  std::vector<double> above_weight;
};

// A sample at `position` of `extent` pixels.
void add_sample(double position, int64_t extent, Samples& samples) {
  const bool inside = position >= -1 && position <= static_cast<double>(extent);
  const double last = static_cast<double>(extent - 1);
  const double at = inside ? std::clamp(position, 0.0, last) : 0;
  const auto below = static_cast<int64_t>(at);
  const double share = at - static_cast<double>(below);
  samples.below.push_back(below);
  samples.above.push_back(std::min(below + 1, extent - 1));
  samples.below_weight.push_back(inside ? 1 - share : 0);
  samples.above_weight.push_back(inside ? share : 0);
}

// In single precision up to the number of samples, which other programs round alike.
Samples samples_between(const RoiAlign& op, float begin, float end, int64_t bins, int64_t extent,
                        const std::string& where) {
  const bool by_centers = op.coordinate_transformation_mode == "half_pixel";
  const float offset = by_centers ? 0.5F : 0.0F;
  const float first = begin * op.spatial_scale - offset;
  float size = end * op.spatial_scale - offset - first;
  if (!by_centers) size = std::max(size, 1.0F);
  const float bin = size / static_cast<float>(bins);
  const float parts = op.sampling_ratio > 0 ? static_cast<float>(op.sampling_ratio)
                                            : std::max(std::ceil(bin), 0.0F);
  OCTET_CHECK(std::isfinite(first) && parts * static_cast<float>(bins) <= kMostSamples, where,
              "cannot sample a region from {} to {}", begin, end);
  Samples samples;
  samples.per_bin = static_cast<int64_t>(parts);
  for (int64_t p = 0; p < bins; ++p) {
    for (int64_t i = 0; i < samples.per_bin; ++i) {
      const double middle = (static_cast<double>(i) + 0.5) / static_cast<double>(parts);
      add_sample(first + (static_cast<double>(p) + middle) * bin, extent, samples);
    }
  }
  return samples;
}

// x (C, H, W) at one neighbour of each sample along `dim`, weighed.
at::Tensor weighed(const at::Tensor& x, int64_t dim, const std::vector<int64_t>& positions,
                   const std::vector<double>& weights) {
  Shape along(static_cast<size_t>(x.dim()), 1);
  along[dim] = static_cast<int64_t>(positions.size());
  const at::Tensor taken = x.index_select(dim, at::tensor(positions, at::kLong).to(x.device()));
  return taken * at::tensor(weights, at::kDouble).to(x.options()).reshape(along);
}

at::Tensor below(const at::Tensor& x, int64_t dim, const Samples& samples) {
  return weighed(x, dim, samples.below, samples.below_weight);
}

at::Tensor above(const at::Tensor& x, int64_t dim, const Samples& samples) {
  return weighed(x, dim, samples.above, samples.above_weight);
}

// One region of the image x (C, H, W).
at::Tensor pooled(const RoiAlign& op, const at::Tensor& x, const Samples& rows,
                  const Samples& columns) {
  if (rows.per_bin == 0 || columns.per_bin == 0) {
    return at::zeros({x.size(0), op.output_height, op.output_width}, x.options());
  }
  const auto bins = [&](const at::Tensor& samples) {
    return samples.reshape(
        {x.size(0), op.output_height, rows.per_bin, op.output_width, columns.per_bin});
  };
  const at::Tensor upper = below(x, 1, rows);
  const at::Tensor lower = above(x, 1, rows);
  if (op.mode == "avg") {
    const at::Tensor sum = upper + lower;
    return bins(below(sum, 2, columns) + above(sum, 2, columns)).mean({2, 4});
  }
  const at::Tensor largest =
      at::maximum(at::maximum(below(upper, 2, columns), above(upper, 2, columns)),
                  at::maximum(below(lower, 2, columns), above(lower, 2, columns)));
  return bins(largest).amax({2, 4});
}

}  // namespace

OutputTypes infer(const RoiAlign& op, InputTypes inputs) {
  OCTET_CHECK(op.mode == "avg" || op.mode == "max", op.kType, "mode '{}' must be avg or max",
              op.mode);
  const std::string& coordinates = op.coordinate_transformation_mode;
  OCTET_CHECK(coordinates == "half_pixel" || coordinates == "output_half_pixel", op.kType,
              "coordinate_transformation_mode '{}' must be half_pixel or output_half_pixel",
              coordinates);
  OCTET_CHECK(op.output_height >= 1 && op.output_width >= 1 && op.sampling_ratio >= 0, op.kType,
              "cannot pool to {} x {} by {} samples", op.output_height, op.output_width,
              op.sampling_ratio);
  const Shape& x = inputs[0].shape;
  const Shape& rois = inputs[1].shape;
  const Shape& indices = inputs[2].shape;
  check_floating(inputs[0], op.kType);
  check_floating(inputs[1], op.kType);
  OCTET_CHECK(x.rank() == 4 && x[2] != 0 && x[3] != 0, op.kType,
              "needs images (N, C, H, W), got {}", to_string(x));
  OCTET_CHECK(rois.rank() == 2 && extents_agree(rois[1], 4) && indices.rank() == 1 &&
                  extents_agree(rois[0], indices[0]),
              op.kType, "needs rois (R, 4) and batch_indices (R), got {} and {}", to_string(rois),
              to_string(indices));
  const int64_t count = rois[0] == kFreeDim ? indices[0] : rois[0];
  return {{inputs[0].dtype, {count, x[1], op.output_height, op.output_width}, {}}};
}

OutputTensors forward(const RoiAlign& op, InputTensors inputs, ForwardContext& context) {
  const at::Tensor& x = inputs[0];
  const std::string where = location(context, op.kType);
  const at::Tensor rois = inputs[1].detach().to(at::kCPU, at::kFloat).contiguous();
  const at::Tensor indices =
      checked_integers(inputs[2], 0, x.size(0) - 1, "batch_indices", where).to(at::kCPU);
  const auto corners = rois.accessor<float, 2>();
  std::vector<at::Tensor> regions;
  for (int64_t r = 0; r < rois.size(0); ++r) {
    const Samples rows =
        samples_between(op, corners[r][1], corners[r][3], op.output_height, x.size(2), where);
    const Samples columns =
        samples_between(op, corners[r][0], corners[r][2], op.output_width, x.size(3), where);
    regions.push_back(pooled(op, x[indices[r].item<int64_t>()], rows, columns));
  }
  if (regions.empty()) {
    return {at::empty({0, x.size(1), op.output_height, op.output_width}, x.options())};
  }
  return {at::stack(regions)};
}

}  // namespace octet
