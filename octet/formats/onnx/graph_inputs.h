// The inputs of an ONNX graph: their types, and what becomes of dimensions that the file leaves
// open.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>

#include "octet/formats/onnx/graph_builder.h"
#include "octet/formats/onnx/model_file.h"
#include "octet/formats/onnx/onnx.h"

namespace octet {

// Adds the inputs among `wanted` that are no initializers to the graph, in the order of the file.
// Throws FileError for one that is not a tensor or has no shape, Error for an option that names no
// input or open dimension, or does not fit.
std::unordered_map<std::string, OnnxValue> import_graph_inputs(const OnnxFile& file,
                                                               const std::set<std::string>& wanted,
                                                               const OnnxReadOptions& options,
                                                               OnnxGraphBuilder& graph);

}  // namespace octet
