// Rounding to whole numbers.
#pragma once

#include <ATen/core/Tensor.h>

#include "octet/base/qparams.h"

namespace octet {

// x, of any shape and any float type, rounded to whole numbers of the same type. Halves go to the
// even neighbour, or away from zero (0.5 -> 1, -0.5 -> -1, and 0.49999997 still -> 0). NaN and
// infinity stay what they are. No gradient: see fake_quantize.h.
at::Tensor round(const at::Tensor& x, RoundMode mode);

}  // namespace octet
