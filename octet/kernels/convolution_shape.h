// The extents of a 2-D convolution; what a kernel is built for.
#pragma once

#include <cstdint>

namespace octet::kernels {

struct ConvolutionShape {
  int64_t batch = 1;
  int64_t groups = 1;
  int64_t in_channels = 1, in_height = 1, in_width = 1;
  int64_t out_channels = 1, out_height = 1, out_width = 1;
  int64_t kernel_h = 1, kernel_w = 1;
  int64_t stride_h = 1, stride_w = 1;
  int64_t dilation_h = 1, dilation_w = 1;
  // In front; what is needed behind follows from the extents.
  int64_t pad_top = 0, pad_left = 0;

  int64_t multiply_accumulates() const {
    return batch * out_channels * out_height * out_width * (in_channels / groups) * kernel_h *
           kernel_w;
  }
  bool operator==(const ConvolutionShape&) const = default;
};

}  // namespace octet::kernels
