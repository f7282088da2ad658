// Rows of a table: y[i..., d...] = w[x0[i...], d...].
//
// x0: row numbers, of any shape and element type. w: (rows, d...). Negative numbers count
// from the end of the table. forward() throws Error for a number outside of the table.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Embed {
  OCTET_ATTRIBUTES(Embed)
  static constexpr std::array kInputs{InputSpec{.name = "x0", .exact = true},
                                      InputSpec{.name = "w", .parameter = true}};
};

}  // namespace octet
