// Maximum and minimum over axes, and where they are.
//
// x: any shape; axes and keep_dims as in reductions.h. Outputs: the values; with with_index the
// values and the indices; with only_index just the indices (int64). An index counts through the
// reduced dimensions in row-major order. Of equal values the first is taken, and it alone gets the
// gradient.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Max {
  OCTET_ATTRIBUTES(Max, axes, keep_dims, with_index, only_index)
  static constexpr std::array kInputs{InputSpec{"x"}};
  IntList axes = {};
  bool keep_dims = false;
  bool with_index = false;
  bool only_index = false;
};

struct Min {
  OCTET_ATTRIBUTES(Min, axes, keep_dims, with_index, only_index)
  static constexpr std::array kInputs{InputSpec{"x"}};
  IntList axes = {};
  bool keep_dims = false;
  bool with_index = false;
  bool only_index = false;
};

}  // namespace octet
