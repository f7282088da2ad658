// Whether an ONNX file that was just made holds what it should.
#pragma once

#include <string>

#include "octet/graph/graph.h"
#include "octet/graph/parameter_store.h"

namespace octet {

// Throws Error "[path] ..." unless ONNX's checker accepts the model and its shape inference agrees
// with what the file says (for the opsets that libonnx knows), and the model, read back, computes
// from random inputs what the graph does.
void check_written_onnx(const std::string& bytes, const std::string& path, const Graph& graph,
                        const ParameterStore& parameters);

}  // namespace octet
