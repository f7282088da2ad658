// Parameters that ONNX wants in another shape than Octet has them.
//
// Stored the other way round once, a weight needs no Reshape or Transpose behind its
// DequantizeLinear, which would keep runtimes from computing the layer in integers.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "octet/graph/graph.h"

namespace octet {

enum class ParameterLayout : uint8_t {
  kPlain,
  kDepthwise,     // (C, kernel...) as (C, 1, kernel...)
  kChannelFirst,  // (O, kernel..., I) as (O, I, kernel...)
  kFlat,          // (1, C, 1, 1) as (C)
};

// The layout of each variable of the graph, by its id: that which every reader of a parameter, and
// of what its QuantizeLinear and DequantizeLinear make of it, wants; otherwise kPlain.
std::vector<ParameterLayout> parameter_layouts(const Graph& graph);

// The layout in which the function would have its input; kPlain for any.
ParameterLayout wanted_layout(const Graph& graph, const Function& function, size_t index);

at::Tensor laid_out(const at::Tensor& value, ParameterLayout layout);

// Where the axis of a plain tensor of `rank` dimensions is to be found.
int64_t laid_out_axis(int64_t axis, int64_t rank, ParameterLayout layout);

}  // namespace octet
