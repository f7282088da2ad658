// Reordering elements along whole dimensions.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

// Dimension i of the output is dimension axes[i] of x; no axes at all reverses the dimensions.
struct Transpose {
  OCTET_ATTRIBUTES(Transpose, axes)
  static constexpr std::array kInputs{InputSpec{"x"}};
  IntList axes = {};
};

// Reverses x along each of `axes`.
struct Flip {
  OCTET_ATTRIBUTES(Flip, axes)
  static constexpr std::array kInputs{InputSpec{"x"}};
  IntList axes = {-1};
};

}  // namespace octet
