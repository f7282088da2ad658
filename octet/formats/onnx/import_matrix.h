// Shared by the float and the quantized products of matrices. With a weight on the right they are
// fully connected layers.
#pragma once

#include "octet/formats/onnx/graph_builder.h"

namespace octet {

struct Gemm {
  float alpha = 1;
  float beta = 1;
  bool trans_a = false;
  bool trans_b = false;
};

// alpha A B + beta C, of matrices; c may be null.
OnnxValue gemm(OnnxGraphBuilder& graph, const Gemm& op, const OnnxValue& a, const OnnxValue& b,
               const OnnxValue& c);

// A B, over all dimensions in front of the last two.
OnnxValue matrix_product(OnnxGraphBuilder& graph, const OnnxValue& a, const OnnxValue& b);

}  // namespace octet
