// Replaces a batch normalization by the multiplication and addition that it is in inference.
//
//   before   y = BatchNormalization(x, beta, gamma, mean, var)
//   after    h = Mul2(x, a);  y = Add2(h, b)
//
//   a = gamma / sqrt(var + eps),  b = beta - mean * a, in the shape of the statistics: (1, C, 1, 1)
//
// a is trained from then on if gamma is, b if beta is. Needs: nothing. Order: after the other
// folds, which are better where they are possible. Does nothing unless config.bn_self_folding.
#pragma once

#include "octet/passes/pass.h"

namespace octet {

Graph self_fold_batch_norm(Graph graph, PassContext& ctx);

}  // namespace octet
