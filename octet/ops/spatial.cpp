#include "octet/ops/spatial.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"

namespace octet {
namespace {

Shape filled(std::string_view type, std::string_view name, const Shape& given, int64_t count,
             int64_t fallback, int64_t minimum) {
  if (given.empty()) return Shape(static_cast<size_t>(count), fallback);
  OCTET_CHECK(given.rank() == count, type, "{} {} must have {} values", name, to_string(given),
              count);
  for (const int64_t value : given) {
    OCTET_CHECK(value >= minimum, type, "{} {} must not be below {}", name, to_string(given),
                minimum);
  }
  return given;
}

}  // namespace

SpatialParameters::SpatialParameters(std::string_view type, int64_t spatial_dims, const Shape& pad,
                                     const Shape& stride, const Shape& dilation)
    : pad(filled(type, "pad", pad, spatial_dims, 0, 0)),
      stride(filled(type, "stride", stride, spatial_dims, 1, 1)),
      dilation(filled(type, "dilation", dilation, spatial_dims, 1, 1)) {}

int64_t SpatialParameters::convolved_extent(std::string_view type, int64_t i, int64_t extent,
                                            int64_t kernel) const {
  if (extent == kFreeDim) return kFreeDim;
  const int64_t reach = dilation[i] * (kernel - 1) + 1;
  const int64_t padded = extent + 2 * pad[i];
  OCTET_CHECK(kernel >= 1 && reach <= padded, type,
              "a kernel of {} (dilation {}) does not fit into an extent of {} padded by {}", kernel,
              dilation[i], extent, pad[i]);
  return (padded - reach) / stride[i] + 1;
}

int64_t SpatialParameters::deconvolved_extent(std::string_view type, int64_t i, int64_t extent,
                                              int64_t kernel, int64_t extra) const {
  if (extent == kFreeDim) return kFreeDim;
  const int64_t result =
      (extent - 1) * stride[i] - 2 * pad[i] + dilation[i] * (kernel - 1) + 1 + extra;
  OCTET_CHECK(kernel >= 1 && result >= 1, type,
              "a kernel of {} with pad {} leaves nothing of an extent of {}", kernel, pad[i],
              extent);
  return result;
}

int64_t first_spatial_axis(std::string_view type, const Shape& x, int64_t spatial_dims,
                           bool channel_last) {
  const int64_t axis = x.rank() - spatial_dims - (channel_last ? 1 : 0);
  OCTET_CHECK(axis >= 0, type, "input {} has too few dimensions for {} spatial ones{}",
              to_string(x), spatial_dims, channel_last ? " and channels" : "");
  return axis;
}

at::Tensor map_images(const at::Tensor& x, int64_t spatial_dims, bool channel_last,
                      const std::function<at::Tensor(const at::Tensor&)>& function) {
  const int64_t leading = x.dim() - spatial_dims;
  const at::Tensor ordered = channel_last ? x.movedim(-1, leading - 1) : x;
  at::Tensor y;
  if (leading == 2) {
    y = function(ordered);
  } else {
    Shape images{1, -1};
    images.insert(images.end(), ordered.sizes().begin() + leading, ordered.sizes().end());
    y = function(ordered.reshape(images));
    Shape restored(ordered.sizes().slice(0, leading).vec());
    restored.insert(restored.end(), y.sizes().begin() + 2, y.sizes().end());
    y = y.reshape(restored);
  }
  return channel_last ? y.movedim(leading - 1, -1) : y;
}

at::Tensor SpatialLayout::to_batch_channel_first(const at::Tensor& x) const {
  const at::Tensor merged = base_axis_ == 1   ? x
                            : base_axis_ == 0 ? x.unsqueeze(0)
                                              : x.flatten(0, base_axis_ - 1);
  return channel_last_ ? merged.movedim(-1, 1) : merged;
}

at::Tensor SpatialLayout::from_batch_channel_first(const at::Tensor& y, const at::Tensor& x) const {
  const at::Tensor ordered = channel_last_ ? y.movedim(1, -1) : y;
  if (base_axis_ == 1) return ordered;
  if (base_axis_ == 0) return ordered.squeeze(0);
  return ordered.unflatten(0, x.sizes().slice(0, base_axis_));
}

}  // namespace octet
