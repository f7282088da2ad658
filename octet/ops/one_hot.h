// x: (i..., k), integers or integer-valued floats. y: (i..., shape...), all zero but for a one at
// [i, x[i, 0], ..., x[i, k - 1]]. shape has k extents. y is of x's type if that is a float, else
// float32. An index out of range is an Error that names it.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct OneHot {
  OCTET_ATTRIBUTES(OneHot, shape)
  static constexpr std::array kInputs{InputSpec{"x"}};
  Shape shape = {};
};

}  // namespace octet
