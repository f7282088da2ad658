// Makes the batch size a free dimension, so that what is saved runs with any.
//
//   before   input x: float32 (64, 3, 32, 32);  y = Reshape(x) {shape=(64, 3072)}
//   after    input x: float32 (-1, 3, 32, 32);  y = Reshape(x) {shape=(-1, 3072)}
//
// The batch is the first dimension of every input. A network that needs it fixed (a Reshape that
// mixes it with other dimensions, a split along it) keeps its batch size, which a warning says.
#pragma once

#include "octet/passes/pass.h"

namespace octet {

Graph release_batch_size(Graph graph, PassContext& ctx);

}  // namespace octet
