// The windows of a pooling operation: the geometry that all of them share.
#pragma once

#include <ATen/core/Tensor.h>

#include "octet/ops/op_types.h"

namespace octet {

class PoolingWindow {
 public:
  // Throws Error "[type] ..." for a kernel that is not 1 to 3 positive numbers or a stride or pad
  // that does not fit it.
  template <class Operation>
  explicit PoolingWindow(const Operation& op)
      : PoolingWindow(op.kType, op.kernel, op.stride, op.pad, op.ignore_border) {}

  int64_t spatial_dims() const { return kernel_.rank(); }
  const Shape& kernel() const { return kernel_; }
  const Shape& stride() const { return stride_; }
  const Shape& pad() const { return pad_; }

  // Throws Error if the kernel does not fit into the padded image.
  Shape output_shape(std::string_view type, const Shape& x, bool channel_last) const;

  // Whether ATen's own pooling has these windows: the border is ignored and pad is at most half of
  // the kernel.
  bool is_plain() const;

  // x (N, C, spatial...) padded with `value`, or cut, so that the windows lie in it without pad.
  at::Tensor pad_to_windows(const at::Tensor& x, double value) const;

  // The number of values in each window, as a tensor like x of shape (spatial outputs...).
  at::Tensor counts(const at::Tensor& x, bool including_pad) const;

 private:
  PoolingWindow(std::string_view type, const Shape& kernel, const Shape& stride, const Shape& pad,
                bool ignore_border);
  int64_t extent(int64_t i, int64_t n) const;

  Shape kernel_;
  Shape stride_;
  Shape pad_;
  bool ignore_border_;
};

}  // namespace octet
