// x[start:stop:step] in each dimension, by Python's rules: negative positions count from the end,
// positions beyond the ends are moved to them, a negative step goes backwards.
//
// start, stop and step have one value per dimension; shorter lists belong to the last dimensions.
// kSliceEnd stands for an end that is left open, as in x[::-1]. A free dimension stays free.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

inline constexpr int64_t kSliceEnd = 0x7fffffff;

struct Slice {
  OCTET_ATTRIBUTES(Slice, start, stop, step)
  static constexpr std::array kInputs{InputSpec{"x"}};
  IntList start = {};
  IntList stop = {};
  IntList step = {};
};

}  // namespace octet
