// Turns every recorder into a Quantize/Dequantize pair with the scale that its range gives.
//
//   before   y = Recorder(x, m, M, count)
//   after    q = QuantizeLinear(x, scale, zeropoint);  y = DequantizeLinear(q, scale, zeropoint)
//
// The formats, symmetric or not, power of two or not, are the config's; constants (weights, and
// what else is computed from parameters alone) are signed and symmetric. Scales are parameters of
// the store beside the recorder's state (Convolution-0/scale-x0, zeropoint-x0), in the rank of x,
// frozen from then on. Recorders of one group get one scale, for the union of their ranges. A
// learned recorder gets a parameter log2-scale-x0 instead, which is trained, and a LearnedScale
// that makes the scale of it.
//
// Needs: insert_recorders, and that the recorders have seen data (an Error names one that has not).
#pragma once

#include "octet/passes/pass.h"

namespace octet {

Graph insert_qdq(Graph graph, PassContext& ctx);

}  // namespace octet
