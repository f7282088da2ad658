// Quantizes the biases of layers whose input and weight are quantized to int32.
//
//   before   y = Convolution(dq_x, dq_w, b)
//   after    y = Convolution(dq_x, dq_w, DequantizeLinear(QuantizeLinear(b, scale_b, 0), scale_b,
//   0))
//
//   scale_b = scale_x * scale_w (per channel where scale_w is): the unit of the integer
//   accumulator, so that the bias is added to it as it is                                (Jacob et
//   al. 2018, 2.4)
//
// A Dropout or Identity between the dequantized input and the layer does not matter. The bias of a
// layer that has a float input stays float. Biases that int32 cannot hold in that unit are a
// warning. Needs: insert_qdq. Does nothing if
// config.skip_bias.
#pragma once

#include "octet/passes/pass.h"

namespace octet {

Graph quantize_biases(Graph graph, PassContext& ctx);

// The same for one layer, whatever config.skip_bias says. False, and nothing is changed, where its
// bias cannot be quantized.
bool quantize_bias(Graph& graph, FunctionId layer, PassContext& ctx);

// Computes in the graph: the values of a scale in one dimension, `repeats` times one after another.
VariableId flat_scale(Graph& graph, VariableId scale, int64_t repeats);

}  // namespace octet
