// QLinearConv and QLinearMatMul as integer functions, which compute what ONNX says to the bit.
//
// Their inputs: x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, bias.
#pragma once

#include "octet/formats/onnx/graph_builder.h"
#include "octet/formats/onnx/node.h"

namespace octet {

// Whether all scales and zero points are known, x and y have one of each, x is int8 or uint8, and
// the weight is a known int8 without zero points: what integer layers take.
bool is_integer_layer(const OnnxNode& node, const OnnxGraphBuilder& graph);
// Likewise for a product of two values, each with one scale and one zero point.
bool is_integer_product(const OnnxNode& node, const OnnxGraphBuilder& graph);

// A QuantizedConvolution, a QuantizedAffine and a QuantizedBatchMatmul of such nodes.
OnnxValue integer_convolution(OnnxNode& node, OnnxGraphBuilder& graph);
OnnxValue integer_affine(const OnnxNode& node, OnnxGraphBuilder& graph);
OnnxValue integer_product(const OnnxNode& node, OnnxGraphBuilder& graph);

}  // namespace octet
