// Shared by the operations over images: convolutions, pooling, interpolation.
#pragma once

#include <functional>
#include <string_view>

#include "octet/ops/attributes.h"

namespace octet {

// Where channels and spatial dimensions are: (batch..., C, spatial...) or (batch..., spatial...,
// C).
class SpatialLayout {
 public:
  SpatialLayout(int64_t base_axis, int64_t spatial_dims, bool channel_last)
      : base_axis_(base_axis), spatial_dims_(spatial_dims), channel_last_(channel_last) {}

  int64_t channel_axis() const { return channel_last_ ? base_axis_ + spatial_dims_ : base_axis_; }
  int64_t spatial_axis(int64_t i) const { return base_axis_ + (channel_last_ ? 0 : 1) + i; }

  // Leading dimensions merged into one, channels moved in front of the spatial dimensions.
  at::Tensor to_batch_channel_first(const at::Tensor& x) const;
  // The inverse; `x` is the original input, whose leading dimensions return.
  at::Tensor from_batch_channel_first(const at::Tensor& y, const at::Tensor& x) const;

 private:
  int64_t base_axis_;
  int64_t spatial_dims_;
  bool channel_last_;
};

// Applies `function` to x seen as (N, C, spatial...) and gives the result x's layout back. Any
// number of leading dimensions, none included, is merged; with channel_last the last dimension is
// the channels. The function may change the spatial extents only.
at::Tensor map_images(const at::Tensor& x, int64_t spatial_dims, bool channel_last,
                      const std::function<at::Tensor(const at::Tensor&)>& function);

// The first spatial axis of x: (..., spatial...) or, with channel_last, (..., spatial..., C).
// Throws Error "[type] ..." if x has too few dimensions.
int64_t first_spatial_axis(std::string_view type, const Shape& x, int64_t spatial_dims,
                           bool channel_last);

// pad, stride and dilation with their defaults filled in (0, 1, 1) and checked.
struct SpatialParameters {
  // Throws Error "[type] ..." for a wrong length, a negative pad, a stride or dilation below one.
  SpatialParameters(std::string_view type, int64_t spatial_dims, const Shape& pad,
                    const Shape& stride, const Shape& dilation);

  // floor((n + 2 pad - dilation (kernel - 1) - 1) / stride) + 1; kFreeDim stays free. Throws Error
  // if the kernel does not fit into the padded extent.
  int64_t convolved_extent(std::string_view type, int64_t i, int64_t extent, int64_t kernel) const;

  // (n - 1) stride - 2 pad + dilation (kernel - 1) + 1 + extra; kFreeDim stays free. Throws Error
  // if nothing is left.
  int64_t deconvolved_extent(std::string_view type, int64_t i, int64_t extent, int64_t kernel,
                             int64_t extra) const;

  Shape pad;
  Shape stride;
  Shape dilation;
};

}  // namespace octet
