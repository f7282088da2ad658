// What a file has in several nodes, put together again as the layer that it is.
//
//   * A Transpose or Reshape behind the DequantizeLinear of a stored weight goes into the weight,
//     its scales and zero points (Gemm with transB, weights of other frameworks).
//   * What the writer puts around a layer, by its names: a Reshape L/Reshape in front of an Affine
//     L, a MatMul L/MatMul in front of an Add L, a Transpose L/Transpose in front of a BatchMatmul
//     L. Likewise around integer layers. An Add of an int32 bias behind a matrix product without
//     bias is one under any name.
#pragma once

#include "octet/graph/graph.h"
#include "octet/graph/parameter_store.h"

namespace octet {

// Looks at what the graph's outputs need.
void recover_layers(Graph& graph, ParameterStore& parameters);

}  // namespace octet
