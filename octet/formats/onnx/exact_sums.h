// Exact sums of products, as ConvInteger and MatMulInteger are read: floats that are cast to int32.
#pragma once

#include "octet/formats/onnx/recovered_graph.h"

namespace octet {

// Where an operand's channels stand: the weight's axis, and how many axes of the output (and of a
// bias or scale) are behind theirs.
struct Channels {
  int64_t weight_axis = 0;
  int64_t behind = 0;
  int64_t count = 1;    // of the output
  int64_t repeats = 1;  // of the weight's in the output
};

// The sum of (x - its zero point) * w, plus the bias; or of two values, each less its zero point.
struct ExactSums {
  FunctionId product = kNoId;  // Convolution, Deconvolution or BatchMatmul
  CentredIntegers x;
  at::Tensor weight;          // int8; undefined for a product of two values
  VariableId stored = kNoId;  // the parameter that holds it
  CentredIntegers other;      // its second value
  VariableId bias = kNoId;    // int32
  at::Tensor bias_values;     // (outmaps)
  VariableId value = kNoId;   // their own, or that of the Add of the bias
  Channels channels;
};

// What a Cast makes int32 of, with the bias that is added to it alone; nothing where it is
// something else.
std::optional<ExactSums> exact_sums(const RecoveredGraph& graph, FunctionId cast);

// The Pad around x of a convolution that pads its two sides differently; kNoId without one.
FunctionId padding_of(const RecoveredGraph& graph, const ExactSums& sums);

// One number, or one for each channel, flat; undefined for a tensor of another shape.
at::Tensor per_channel(const at::Tensor& values, const Channels& channels);

}  // namespace octet
