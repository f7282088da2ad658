// The windows of a pooling operation: the geometry that all of them share.
#pragma once

#include <ATen/core/Tensor.h>

#include "octet/ops/op_types.h"

namespace octet {

class PoolingWindow {
 public:
  // Throws Error "[type] ..." for a kernel that is not 1 to 3 positive numbers or a stride, pad or
  // dilation that does not fit it.
  template <class Operation>
  explicit PoolingWindow(const Operation& op)
      : kernel_(op.kernel),
        stride_(op.stride.empty() ? op.kernel : op.stride),
        pad_(op.pad.empty() ? Shape(op.kernel.size(), 0) : op.pad),
        pad_end_(pad_),
        dilation_(op.kernel.size(), 1),
        ignore_border_(op.ignore_border) {
    if constexpr (requires { op.pad_end; }) {
      if (!op.pad_end.empty()) pad_end_ = op.pad_end;
      ceil_mode_ = op.ceil_mode;
    }
    if constexpr (requires { op.dilation; }) {
      if (!op.dilation.empty()) dilation_ = op.dilation;
    }
    check(op.kType);
  }

  int64_t spatial_dims() const { return kernel_.rank(); }
  const Shape& kernel() const { return kernel_; }
  const Shape& stride() const { return stride_; }
  const Shape& pad() const { return pad_; }
  const Shape& dilation() const { return dilation_; }

  // Throws Error if the kernel does not fit into the padded image.
  Shape output_shape(std::string_view type, const Shape& x, bool channel_last) const;

  // Whether ATen's own pooling has these windows: the border is ignored and pad is the same on both
  // sides and at most half of the kernel.
  bool is_plain() const;

  // x (N, C, spatial...) padded with `value`, or cut, so that the windows lie in it without pad.
  at::Tensor pad_to_windows(const at::Tensor& x, double value) const;

  // The number of values in each window, as a tensor like x of shape (spatial outputs...).
  at::Tensor counts(const at::Tensor& x, bool including_pad) const;

 private:
  void check(std::string_view type) const;
  // From the first value of a window to its last one.
  int64_t reach(int64_t i) const { return dilation_[i] * (kernel_[i] - 1) + 1; }
  int64_t extent(int64_t i, int64_t n) const;

  Shape kernel_;
  Shape stride_;
  Shape pad_;
  Shape pad_end_;
  Shape dilation_;
  bool ignore_border_;
  bool ceil_mode_ = false;
};

// The sum of each window of x (N, C, spatial...); padding adds nothing.
at::Tensor sum_pool(const at::Tensor& x, const PoolingWindow& window);

}  // namespace octet
