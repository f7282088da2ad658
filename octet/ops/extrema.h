// Maximum and minimum over axes, and where they are.
//
// x: any shape; axes and keep_dims as in reductions.h. Outputs: the values; with with_index the
// values and the indices; with only_index just the indices (int64). An index counts through the
// reduced dimensions in row-major order. Of equal values the first is taken (with `last` the last),
// and it alone gets the gradient. ONNX's ArgMax and ArgMin are Max and Min with only_index, their
// select_last_index is `last`; GlobalMaxPool is Max over the spatial axes with keep_dims.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Max {
  OCTET_ATTRIBUTES(Max, axes, keep_dims, with_index, only_index, last)
  static constexpr std::array kInputs{InputSpec{"x"}};
  IntList axes = {};
  bool keep_dims = false;
  bool with_index = false;
  bool only_index = false;
  bool last = false;
};

struct Min {
  OCTET_ATTRIBUTES(Min, axes, keep_dims, with_index, only_index, last)
  static constexpr std::array kInputs{InputSpec{"x"}};
  IntList axes = {};
  bool keep_dims = false;
  bool with_index = false;
  bool only_index = false;
  bool last = false;
};

}  // namespace octet
