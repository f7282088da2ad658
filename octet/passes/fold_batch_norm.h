// Folds a batch normalization into the convolution or affine layer before it.
//
//   before   h = Convolution(x, W[, b]);  y = BatchNormalization(h, beta, gamma, mean, var)
//   after    y = Convolution(x, w-folded, b-folded)
//
//   a = gamma / sqrt(var + eps),  w-folded = a * W (along the output channels),
//   b-folded = a * b + beta - mean * a                                       (Jacob et al.
//   2018, 3.2)
//
// The running statistics are used, in a training network too; from then on w-folded and b-folded
// are what is trained. They stand beside W and are computed once for all networks of a conversion.
// Works for Convolution, DepthwiseConvolution, Deconvolution (with groups) and
// DepthwiseDeconvolution, and Affine with one output dimension. Left alone: a layer whose result
// somebody else reads too (its unnormalized value is needed; a warning, if the reader is outside of
// the registered outputs), or a normalization over other axes
// than the layer's output channels.
//
// Needs: nothing. Order: after unfuse_batch_norm. Does nothing unless config.bn_folding.
#pragma once

#include "octet/passes/pass.h"

namespace octet {

Graph fold_batch_norm(Graph graph, PassContext& ctx);

}  // namespace octet
