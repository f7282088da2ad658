#include "octet/ops/pooling_window.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "octet/base/error.h"
#include "octet/ops/spatial.h"

namespace octet {

void PoolingWindow::check(std::string_view type) const {
  OCTET_CHECK(kernel_.rank() >= 1 && kernel_.rank() <= 3, type, "kernel {} must have 1 to 3 values",
              to_string(kernel_));
  OCTET_CHECK(stride_.rank() == kernel_.rank() && pad_.rank() == kernel_.rank(), type,
              "stride {} and pad {} must have as many values as kernel {}", to_string(stride_),
              to_string(pad_), to_string(kernel_));
  OCTET_CHECK(pad_end_.rank() == kernel_.rank() && dilation_.rank() == kernel_.rank(), type,
              "pad_end {} and dilation {} must have as many values as kernel {}",
              to_string(pad_end_), to_string(dilation_), to_string(kernel_));
  for (int64_t i = 0; i < kernel_.rank(); ++i) {
    OCTET_CHECK(kernel_[i] >= 1 && stride_[i] >= 1, type,
                "kernel {} and stride {} must not be below 1", to_string(kernel_),
                to_string(stride_));
    OCTET_CHECK(dilation_[i] >= 1, type, "dilation {} must not be below 1", to_string(dilation_));
    OCTET_CHECK(pad_[i] >= 0 && pad_[i] < reach(i), type,
                "pad {} must be from 0 to below kernel {}", to_string(pad_), to_string(kernel_));
    OCTET_CHECK(pad_end_[i] >= 0 && pad_end_[i] < reach(i), type,
                "pad_end {} must be from 0 to below kernel {}", to_string(pad_end_),
                to_string(kernel_));
  }
  OCTET_CHECK(ignore_border_ || (!ceil_mode_ && pad_end_ == pad_), type,
              "ceil_mode and pad_end need ignore_border");
}

int64_t PoolingWindow::extent(int64_t i, int64_t n) const {
  if (!ignore_border_) return (n + pad_[i] - 1) / stride_[i] + 1;
  const int64_t room = n + pad_[i] + pad_end_[i] - reach(i);
  if (!ceil_mode_) return room / stride_[i] + 1;
  const int64_t up = (room + stride_[i] - 1) / stride_[i] + 1;
  return (up - 1) * stride_[i] >= n + pad_[i] ? up - 1 : up;
}

Shape PoolingWindow::output_shape(std::string_view type, const Shape& x, bool channel_last) const {
  const int64_t first = first_spatial_axis(type, x, spatial_dims(), channel_last);
  Shape y = x;
  for (int64_t i = 0; i < spatial_dims(); ++i) {
    const int64_t n = x[first + i];
    if (n == kFreeDim) continue;
    OCTET_CHECK(!ignore_border_ || n + pad_[i] + pad_end_[i] >= reach(i), type,
                "kernel {} does not fit into an extent of {} padded by {}", reach(i), n, pad_[i]);
    y[first + i] = extent(i, n);
  }
  return y;
}

bool PoolingWindow::is_plain() const {
  bool plain = ignore_border_ && !ceil_mode_ && pad_end_ == pad_;
  for (int64_t i = 0; i < spatial_dims(); ++i) plain = plain && 2 * pad_[i] <= kernel_[i];
  return plain;
}

at::Tensor PoolingWindow::pad_to_windows(const at::Tensor& x, double value) const {
  std::vector<int64_t> amounts;  // (before, after) from the last dimension to the first
  for (int64_t i = spatial_dims() - 1; i >= 0; --i) {
    const int64_t n = x.size(2 + i);
    const int64_t end = (extent(i, n) - 1) * stride_[i] + reach(i) - pad_[i];
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
      const int64_t end = std::min(begin + kernel_[i], n + pad_end_[i]);
      const int64_t inside = std::min(end, n) - std::max<int64_t>(begin, 0);
      along.push_back(static_cast<double>(including_pad ? end - begin : inside));
    }
    product = product.unsqueeze(-1) * at::tensor(along, x.options());
  }
  return product;
}

}  // namespace octet
