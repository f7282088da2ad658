// y = max(x, 0), of x's element type. Throws Error for bool.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct ReLU {
  OCTET_ATTRIBUTES(ReLU, inplace)
  static constexpr std::array kInputs{InputSpec{"x"}};
  bool inplace = false;  // kept for .nnp files; the result does not depend on it
};

}  // namespace octet
