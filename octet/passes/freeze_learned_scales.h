// Replaces each LearnedScale by a parameter with the scale that it has reached.
//
//   before   s = LearnedScale(ReLU-1/log2-scale-x0)
//   after    s is the parameter ReLU-1/scale-x0
//
// For saving: other programs know Quantize/Dequantize with constant scales. The product of two
// learned scales, which is the scale of a bias, becomes a parameter too.
#pragma once

#include "octet/passes/pass.h"

namespace octet {

Graph freeze_learned_scales(Graph graph, PassContext& ctx);

}  // namespace octet
