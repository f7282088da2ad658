// Pads the last dimensions of x.
//
// pad_width: (before, after) for each of the last len / 2 dimensions, in the order of the
// dimensions. mode: "constant" (constant_value), "reflect" (mirrored at the outermost element,
// which is not repeated) or "repeat" (the outermost element).
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Pad {
  OCTET_ATTRIBUTES(Pad, pad_width, mode, constant_value)
  static constexpr std::array kInputs{InputSpec{"x"}};
  IntList pad_width = {};
  std::string mode = "constant";
  float constant_value = 0.0F;
};

}  // namespace octet
