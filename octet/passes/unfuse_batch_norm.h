// Takes FusedBatchNormalization apart, so that the folding passes see plain normalizations.
//
//   before   y = FusedBatchNormalization(x, beta, gamma, mean, var[, z])
//   after    h = BatchNormalization(x, beta, gamma, mean, var);  [s = Add2(h, z);]  y = ReLU(s)
//
// The parameters stay the same ones. Needs: nothing. Order: before the folding passes. Does nothing
// unless config.bn_folding or config.bn_self_folding.
#pragma once

#include "octet/passes/pass.h"

namespace octet {

Graph unfuse_batch_norm(Graph graph, PassContext& ctx);

}  // namespace octet
