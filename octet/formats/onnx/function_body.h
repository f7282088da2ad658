// Operators that are defined by a graph of other operators: functions of the model's own, and those
// of ONNX's operators whose schema has a body.
#pragma once

#include <memory>
#include <optional>

#include "octet/formats/onnx/graph_builder.h"
#include "octet/formats/onnx/model_file.h"

namespace octet {

// A function body for one call of it.
struct OnnxFunctionBody {
  onnx::FunctionProto function;  // with the call's attributes put in
  std::map<std::string, int64_t> opsets;
};

// Nothing if neither the model nor ONNX has a body for the node's operator. `inputs` are the call's
// (some bodies depend on their types).
std::optional<OnnxFunctionBody> find_function_body(const OnnxFile& file,
                                                   const std::map<std::string, int64_t>& opsets,
                                                   const onnx::NodeProto& call,
                                                   const OnnxValues& inputs,
                                                   const OnnxGraphBuilder& graph);

// Whether the model defines a function of its own for the node's operator.
bool is_model_function(const OnnxFile& file, const onnx::NodeProto& call);

}  // namespace octet
