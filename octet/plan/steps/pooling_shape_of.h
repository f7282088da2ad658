// From a pooling operation to what kernels want to know of its windows.
#pragma once

#include <optional>

#include "octet/base/shape.h"
#include "octet/kernels/pooling_shape.h"

namespace octet::plan {

// Of images x (N, C, H, W) to y. Nothing for values of another rank, with the channels last or with
// dilated windows.
template <class Pooling>
std::optional<kernels::PoolingShape> pooling_shape_of(const Pooling& op, const Shape& x,
                                                      const Shape& y) {
  if (x.rank() != 4 || op.kernel.rank() != 2 || op.channel_last) return std::nullopt;
  if constexpr (requires { op.dilation; }) {
    for (const int64_t d : op.dilation) {
      if (d != 1) return std::nullopt;
    }
  }
  const Shape stride = op.stride.empty() ? op.kernel : op.stride;
  const Shape pad = op.pad.empty() ? Shape{0, 0} : op.pad;
  return kernels::PoolingShape{.batch = x[0],
                               .channels = x[1],
                               .in_height = x[2],
                               .in_width = x[3],
                               .out_height = y[2],
                               .out_width = y[3],
                               .kernel_h = op.kernel[0],
                               .kernel_w = op.kernel[1],
                               .stride_h = stride[0],
                               .stride_w = stride[1],
                               .pad_top = pad[0],
                               .pad_left = pad[1]};
}

}  // namespace octet::plan
