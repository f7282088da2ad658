// y = x where x >= 0, slope * x elsewhere. slope: one number, or (C) along dimension base_axis.
// He et al. 2015, "Delving deep into rectifiers", eq. 1.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct PReLU {
  OCTET_ATTRIBUTES(PReLU, base_axis)
  static constexpr std::array kInputs{InputSpec{"x0"}, InputSpec{.name = "x1", .parameter = true}};
  int64_t base_axis = 1;
};

}  // namespace octet
