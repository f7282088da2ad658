// Operations without inputs: float32 tensors of fixed values.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

// `val` everywhere. The shape has no free dimension.
struct Constant {
  OCTET_ATTRIBUTES(Constant, val, shape)
  float val = 0.0F;
  Shape shape = {};
};

// start, start + step, ...: as many as there are before stop, ceil((stop - start) / step).
struct Arange {
  OCTET_ATTRIBUTES(Arange, start, stop, step)
  float start = 0.0F;
  float stop = 0.0F;
  float step = 1.0F;
};

// `num` values in equal steps from start to stop, both included.
struct Linspace {
  OCTET_ATTRIBUTES(Linspace, start, stop, num)
  float start = 0.0F;
  float stop = 1.0F;
  int64_t num = 2;
};

}  // namespace octet
