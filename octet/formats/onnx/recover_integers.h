// Integer arithmetic that a file has in several nodes, put together again as integer functions
// (ops/quantized_*.h), which compute the same to the bit.
//
//   ConvInteger, MatMulInteger, a ConvTranspose of integers, with an Add of an int32 bias
//     - Cast, Mul, QuantizeLinear by a scale of 1, as integer_output.h defines it:
//       a QuantizedConvolution, QuantizedAffine, ... that gives int8 or uint8
//     - otherwise, where nothing but floats is made of them: one that gives its accumulators, and a
//       DequantizeLinear in the place of Cast and Mul
//   Add, Sub, Mul, Concat or nothing of (q - zero_point) * scale by Cast, Sub and Mul, then
//   QuantizeLinear: QuantizedAdd2, ..., Requantize
//   exact sums over windows, Mul, QuantizeLinear by 1: average pooling
//   Gather of 256 entries by an integer: QuantizedLookup
//   a Clip of integers behind one of these or a QuantizeLinear: its activation, bits, narrow range
//
// Scales and zero points must be constants, weights int8 ones. What does not fit stays as it is.
// Pairs of QuantizeLinear and DequantizeLinear stay too: they are floats that can be trained.
#pragma once

#include "octet/formats/onnx/scale_notes.h"
#include "octet/graph/graph.h"
#include "octet/graph/parameter_store.h"

namespace octet {

// Looks at what the graph's outputs need.
void recover_integers(Graph& graph, ParameterStore& parameters, const ScaleNotes& notes);

}  // namespace octet
