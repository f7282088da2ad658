// The k largest values of each sample.
//
// x: (batch..., features...), where the features begin at base_axis. reduce: output (batch..., k),
// in descending order; otherwise x with everything else set to zero. abs compares magnitudes;
// largest = false takes the k smallest, ascending. with_index adds the positions among the sample's
// features in row-major order, (batch..., k), int64. Of equal values the first ones are taken. Only
// selected values get a gradient.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct TopKData {
  OCTET_ATTRIBUTES(TopKData, k, abs, reduce, base_axis, largest, with_index)
  static constexpr std::array kInputs{InputSpec{"x"}};
  int64_t k = 1;
  bool abs = false;
  bool reduce = true;
  int64_t base_axis = 1;
  bool largest = true;
  bool with_index = false;
};

}  // namespace octet
