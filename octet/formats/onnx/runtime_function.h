// ONNX Runtime's own quantized operators (domain com.microsoft), as quantize_static writes them.
#pragma once

#include "octet/formats/onnx/onnx_headers.h"

namespace octet {

inline constexpr const char* kRuntimeDomain = "com.microsoft";

// The operator as DequantizeLinear of its operands, ONNX's operator on floats, and QuantizeLinear:
// a function with the node's inputs and outputs. False for an operator that is none of them.
bool build_runtime_function(const onnx::NodeProto& call, onnx::FunctionProto& body);

}  // namespace octet
