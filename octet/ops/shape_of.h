// The extents [start, end) of x's shape as an int64 tensor of one dimension. Negative positions
// count from the end; end = 0 means all the rest.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

// Called ShapeOf in code because Shape is the type of a shape; everywhere else it is "Shape".
struct ShapeOf {
  OCTET_NAMED_ATTRIBUTES(ShapeOf, "Shape", start, end)
  static constexpr std::array kInputs{InputSpec{"x"}};
  int64_t start = 0;
  int64_t end = 0;
};

}  // namespace octet
