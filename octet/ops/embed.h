// Rows of a table: y[i..., d...] = w[x0[i...], d...].
//
// x0: row numbers, of any shape and element type. w: (rows, d...). A number outside of the table is
// an error of the run.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Embed {
  OCTET_ATTRIBUTES(Embed)
  static constexpr std::array kInputs{InputSpec{"x0"}, InputSpec{.name = "w", .parameter = true}};
};

}  // namespace octet
