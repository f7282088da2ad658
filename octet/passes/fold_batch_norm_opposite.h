// Folds a batch normalization into the convolution or affine layer after it.
//
//   before   h = BatchNormalization(x, beta, gamma, mean, var);  y = Convolution(h, W[, b])
//   after    y = Convolution(x, w-folded, b-folded)
//
//   a = gamma / sqrt(var + eps),  c = beta - mean * a,
//   w-folded = a * W (along the input channels),  b-folded = b + sum over (inputs, kernel) of c * W
//
// Works for Convolution (with groups), DepthwiseConvolution and Affine. Left alone: a normalization
// that several functions read, and a convolution with zero padding where c is not zero, since the
// padding stands behind the normalization and the fold would change the border.
//
// Needs: nothing. Order: after fold_batch_norm. Does nothing unless config.bn_folding.
#pragma once

#include "octet/passes/pass.h"

namespace octet {

Graph fold_batch_norm_opposite(Graph graph, PassContext& ctx);

}  // namespace octet
