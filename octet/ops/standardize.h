// Zero mean and unit variance: what the normalizations over a tensor's own statistics share.
#pragma once

#include "octet/ops/op_types.h"

namespace octet {

// (x - mean) / sqrt(var + eps) with one mean and one biased variance for each index along the
// `kept` axes. Where nothing is left to average over (all axes kept), the result is zero.
at::Tensor standardize(const at::Tensor& x, const IntList& kept, double eps);

}  // namespace octet
