// The identity, but the gradient that comes back is limited. For taming exploding gradients within
// a network.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

// y = x; dx = min(max(dy, min), max) element by element. min and max have x's shape or broadcast to
// it; they get no gradient. Throws Error if they do not fit.
struct ClipGradByValue {
  OCTET_ATTRIBUTES(ClipGradByValue)
  static constexpr std::array kInputs{InputSpec{"x"}, InputSpec{"min"}, InputSpec{"max"}};
};

// y = x; dx = clip_norm dy / |dy|, with the Euclidean norm taken over `axes` (empty: all). Shorter
// gradients grow to that norm too; those of norm zero stay zero. Throws Error unless clip_norm > 0
// and for axes that x does not have.
struct ClipGradByNorm {
  OCTET_ATTRIBUTES(ClipGradByNorm, clip_norm, axes)
  static constexpr std::array kInputs{InputSpec{"x"}};
  float clip_norm = 1.0F;
  IntList axes = {};
};

}  // namespace octet
