// Puts a Recorder on every value that is going to be quantized.
//
//   before   y = Convolution(x, W, b)
//   after    rx = Recorder(x, m, M, count);  rw = Recorder(W, ...);  y = Convolution(rx, rw, b)
//
// Recorded are the inputs of recorded layers (and with recorder_position BOTH their outputs). A
// layer is recorded if its type is in record_layers (or that list is empty), it is not one of the
// first or last layers that skip_inputs_layers and skip_outputs_layers name, its name passes
// include and exclude, and it does arithmetic at all, on other values than parameters. A value has
// one recorder, which all recorded readers share; skipped readers keep the float value. With
// activation_fusion, what a layer with weights, an addition or a batch normalization hands to a
// ReLU or ReLU6 alone has none. With residual_fusion, neither has what a convolution hands to an
// addition alone. Biases have none: their scale follows from those of input and weight. What is
// computed from parameters alone (a normalized weight) is recorded as a weight.
//
// Dropout and Identity are looked through (origins.h): what is recorded is the value in front of
// them, as a network without them would have it, and the Dropout reads the recorded value. Readers
// that lie outside of ctx.outputs (a loss) count nowhere.
//
// The recorders' states are parameters of the store, named as NNabla does: Convolution-0/M-x0 for
// input 0 of the layer of rank 0 in depth-first order. A validation network gets the recorders of
// the training network with the same layers (Dropout and Identity aside), with observe=false; if
// no training network has the same layers, or other values are recorded there, the Error says where
// they part.
//
// Needs: nothing. Order: after folding, so that the ranges are those of the folded network.
#pragma once

#include "octet/passes/pass.h"

namespace octet {

Graph insert_recorders(Graph graph, PassContext& ctx);

}  // namespace octet
