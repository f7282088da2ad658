// What convolutions are told in ONNX.
#pragma once

#include "octet/formats/onnx/model_builder.h"
#include "octet/ops/spatial.h"

namespace octet {

// ONNX pads the beginnings of all dimensions, then the ends.
IntList both_ends(const Shape& pad);

// The kernel's extents: those of the weight but for `others` leading ones, or the last.
Shape kernel_of(const Shape& weight, int64_t others, bool channel_last);

// kernel_shape, strides, pads, dilations and group of a convolution, transposed or not.
template <class Operation>
std::vector<NodeAttribute> spatial_attributes(const Operation& op, const Shape& kernel,
                                              int64_t group) {
  const SpatialParameters p(op.kType, kernel.rank(), op.pad, op.stride, op.dilation);
  return {{"kernel_shape", IntList(kernel)},
          {"strides", IntList(p.stride)},
          {"pads", both_ends(p.pad)},
          {"dilations", IntList(p.dilation)},
          {"group", group}};
}

}  // namespace octet
