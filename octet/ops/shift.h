// Moves the content of x: y[i] = x[i - shift], with shifts for the last dimensions.
//
// border_mode: what comes in at the border, "nearest" (the outermost element) or "reflect"
// (mirrored with the outermost element repeated).
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Shift {
  OCTET_ATTRIBUTES(Shift, shifts, border_mode)
  static constexpr std::array kInputs{InputSpec{"x"}};
  IntList shifts = {};
  std::string border_mode = "nearest";
};

}  // namespace octet
