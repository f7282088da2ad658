// The same elements in another shape.
//
// shape: the new extents; one may be -1 (what remains), and 0 keeps x's extent at that position. To
// keep the batch size free, write it as -1 or 0.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Reshape {
  OCTET_ATTRIBUTES(Reshape, shape, inplace)
  static constexpr std::array kInputs{InputSpec{"x"}};
  Shape shape = {};
  bool inplace = true;  // kept for .nnp files; the result does not depend on it
};

}  // namespace octet
