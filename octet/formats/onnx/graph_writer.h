// A Graph as an onnx::ModelProto.
#pragma once

#include "octet/formats/onnx/onnx_headers.h"
#include "octet/graph/graph.h"
#include "octet/graph/parameter_store.h"

namespace octet {

// The functions that the graph's outputs need, producers first. A free first dimension of the
// inputs, and of the outputs where it follows from them, is called N; other free dimensions are
// named after their value.
onnx::ModelProto onnx_model(const Graph& graph, const ParameterStore& parameters, int64_t opset);

}  // namespace octet
