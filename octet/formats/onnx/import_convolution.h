// Shared by the float, the integer and the quantized convolution.
#pragma once

#include "octet/formats/onnx/graph_builder.h"
#include "octet/formats/onnx/node.h"

namespace octet {

// What the attributes of a convolution's node describe.
struct ImportedConvolution {
  Convolution op;
  OnnxValue x;  // with `padding` around it where the two sides of a dimension differ
};
ImportedConvolution convolution_of(OnnxNode& node, OnnxGraphBuilder& graph, const OnnxValue& x,
                                   const OnnxValue& weight, float padding);

// That convolution of real numbers; bias may be null.
OnnxValue convolve(OnnxNode& node, OnnxGraphBuilder& graph, const OnnxValue& x,
                   const OnnxValue& weight, const OnnxValue& bias);

// Pads the last before.size() dimensions with a value.
OnnxValue pad_spatial(OnnxGraphBuilder& graph, const OnnxValue& x, const IntList& before,
                      const IntList& after, float value);

}  // namespace octet
