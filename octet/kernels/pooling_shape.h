// The windows of a pooling over images.
#pragma once

#include <cstdint>

#include "octet/kernels/layout.h"

namespace octet::kernels {

struct PoolingShape {
  int64_t batch = 1, channels = 1;
  int64_t in_height = 1, in_width = 1;
  int64_t out_height = 1, out_width = 1;
  int64_t kernel_h = 1, kernel_w = 1;
  int64_t stride_h = 1, stride_w = 1;
  int64_t pad_top = 0, pad_left = 0;
};

}  // namespace octet::kernels
