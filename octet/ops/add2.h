// y = x0 + x1 with NumPy's broadcasting. Both are of one element type, which y has too; throws
// Error for others, and for shapes that do not broadcast.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Add2 {
  OCTET_ATTRIBUTES(Add2, inplace)
  static constexpr std::array kInputs{InputSpec{"x0"}, InputSpec{"x1"}};
  bool inplace = false;  // kept for .nnp files; the result does not depend on it
};

}  // namespace octet
