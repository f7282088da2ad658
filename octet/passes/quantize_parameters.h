// Stores quantized parameters as the integers that they stand for: the deployed form of a network.
//
//   before   q = QuantizeLinear(W, scale, zero_point);  w = DequantizeLinear(q, scale, zero_point)
//   after    w = DequantizeLinear(W-quantized, scale, zero_point)
//
//   W-quantized = clamp(round(W / scale) + zero_point, qmin, qmax), of the quantizer's element type
//
// Weights become int8 (or uint8, or fewer bits in them), biases int32. The integers are those that
// QuantizeLinear gives, so no value of the network changes. A weight that several layers share
// through one quantizer stays one; through several, it becomes one for each.
//
// In an integer graph the readers are the integer functions themselves, and the slope of a
// QuantizedLookup, which only training needs, goes.
//
// Left alone: a parameter that is also read as a float stays beside its integers; what is computed
// from parameters before it is quantized; values that flow. Needs: insert_qdq, and
// freeze_learned_scales, as a scale that is still trained has no integers. The network cannot be
// trained on: ctx.parameters keeps the floats only for other graphs that use them.
#pragma once

#include "octet/passes/pass.h"

namespace octet {

Graph quantize_parameters(Graph graph, PassContext& ctx);

}  // namespace octet
