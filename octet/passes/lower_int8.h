// Turns a graph of Quantize/Dequantize pairs into one of integer functions.
//
//   before   h = Convolution(DQ(q, sx, zx), DQ(v, sw, zw), DQ(b, sb, zb));  r = ReLU(h)
//            p = QuantizeLinear(r, sy, zy)
//   after    p = QuantizedConvolution(q, sx, zx, v, sw, sy, zy, b) {activation="RELU"}
//
// Likewise for the other layers with weights, BatchMatmul, Add2, Sub2, Mul2, Concatenate and
// average pooling; a function of one value becomes a QuantizedLookup, its table computed here; a
// QuantizeLinear of dequantized values a Requantize, or nothing where both have the same scale.
// Max pooling, Reshape, Transpose and what else moves values about runs on the integers as it is:
// dequantizing moves behind it, quantizing in front. A layer with weights whose output is not, or
// not only, quantized gives its accumulators, int32 with scale sx * sw, and a DequantizeLinear
// behind them. A float bias is quantized to int32 with that scale, and stays trainable.
//
// An AddN of two is an Add2; a Stack a Concatenate of integers with one more dimension; a PReLU
// with one slope a table too, and its slope is trained no more.
//
// Left alone: a layer without Q/DQ on all its inputs, or with a weight that has a zero point; what
// is in front of the first QuantizeLinear and behind the last. The float functions whose values
// are replaced stay in the graph, dead, for whoever holds one of them.
//
// QNN: a float function between two integer ones is an Error; it lists all of them. MIXED_QNN: each
// is logged. What reads a Dropout, up to the next QuantizeLinear, is float in a training network
// and counts as neither. A layer whose accumulators int32 may not hold (sum|w| max|x - zx| + |b| >
// 2^31 - 1, by its weights now) is a warning.
//
// Needs: insert_qdq, and scales that are parameters. Does nothing in the precision mode SIM_QNN.
#pragma once

#include "octet/passes/pass.h"

namespace octet {

Graph lower_int8(Graph graph, PassContext& ctx);

}  // namespace octet
