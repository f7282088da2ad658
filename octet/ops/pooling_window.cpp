#include "octet/ops/pooling_window.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "octet/base/error.h"
#include "octet/ops/spatial.h"

namespace octet {

PoolingWindow::PoolingWindow(std::string_view type, const Shape& kernel, const Shape& stride,
                             const Shape& pad, bool ignore_border)
    : kernel_(kernel),
      stride_(stride.empty() ? kernel : stride),
      pad_(pad.empty() ? Shape(kernel.size(), 0) : pad),
      ignore_border_(ignore_border) {
  OCTET_CHECK(kernel_.rank() >= 1 && kernel_.rank() <= 3, type, "kernel {} must have 1 to 3 values",
              to_string(kernel_));
  OCTET_CHECK(stride_.rank() == kernel_.rank() && pad_.rank() == kernel_.rank(), type,
              "stride {} and pad {} must have as many values as kernel {}", to_string(stride_),
              to_string(pad_), to_string(kernel_));
  for (int64_t i = 0; i < kernel_.rank(); ++i) {
    OCTET_CHECK(kernel_[i] >= 1 && stride_[i] >= 1, type,
                "kernel {} and stride {} must not be below 1", to_string(kernel_),
                to_string(stride_));
    OCTET_CHECK(pad_[i] >= 0 && pad_[i] < kernel_[i], type,
                "pad {} must be from 0 to below kernel {}", to_string(pad_), to_string(kernel_));
  }
}

int64_t PoolingWindow::extent(int64_t i, int64_t n) const {
  return ignore_border_ ? (n + 2 * pad_[i] - kernel_[i]) / stride_[i] + 1
                        : (n + pad_[i] - 1) / stride_[i] + 1;
}

Shape PoolingWindow::output_shape(std::string_view type, const Shape& x, bool channel_last) const {
  const int64_t first = first_spatial_axis(type, x, spatial_dims(), channel_last);
  Shape y = x;
  for (int64_t i = 0; i < spatial_dims(); ++i) {
    const int64_t n = x[first + i];
    if (n == kFreeDim) continue;
    OCTET_CHECK(!ignore_border_ || n + 2 * pad_[i] >= kernel_[i], type,
                "kernel {} does not fit into an extent of {} padded by {}", kernel_[i], n, pad_[i]);
    y[first + i] = extent(i, n);
  }
  return y;
}

bool PoolingWindow::is_plain() const {
  bool plain = ignore_border_;
  for (int64_t i = 0; i < spatial_dims(); ++i) plain = plain && 2 * pad_[i] <= kernel_[i];
  return plain;
}

at::Tensor PoolingWindow::pad_to_windows(const at::Tensor& x, double value) const {
  std::vector<int64_t> amounts;  // (before, after) from the last dimension to the first
  for (int64_t i = spatial_dims() - 1; i >= 0; --i) {
    const int64_t n = x.size(2 + i);
    const int64_t end = (extent(i, n) - 1) * stride_[i] + kernel_[i] - pad_[i];
    amounts.push_back(pad_[i]);
    amounts.push_back(end - n);
  }
  return at::constant_pad_nd(x, amounts, value);
}

at::Tensor PoolingWindow::counts(const at::Tensor& x, bool including_pad) const {
  at::Tensor product = at::ones({}, x.options());
  for (int64_t i = 0; i < spatial_dims(); ++i) {
    const int64_t n = x.size(2 + i);
    std::vector<double> along;
    for (int64_t o = 0; o < extent(i, n); ++o) {
      const int64_t begin = o * stride_[i] - pad_[i];
      const int64_t end = std::min(begin + kernel_[i], n + pad_[i]);
      const int64_t inside = std::min(end, n) - std::max<int64_t>(begin, 0);
      along.push_back(static_cast<double>(including_pad ? end - begin : inside));
    }
    product = product.unsqueeze(-1) * at::tensor(along, x.options());
  }
  return product;
}

}  // namespace octet
