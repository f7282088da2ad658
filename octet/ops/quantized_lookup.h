// y = table[x - lowest]: any function of one value, on integers of at most 8 bits.
//
// table: (256) integers of type `dtype`, those of y for x = lowest, lowest + 1, ...; lowest is -128
// for int8 and 0 for uint8. slope: (256) float32, the gradient of y to x at each of them; without
// it (in a deployed network) nothing passes back. Throws Error for an x outside of the table.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

inline constexpr int64_t kLookupEntries = 256;

struct QuantizedLookup {
  OCTET_ATTRIBUTES(QuantizedLookup, lowest, dtype)
  static constexpr std::array kInputs{
      InputSpec{"x"}, InputSpec{"table", true},
      InputSpec{.name = "slope", .parameter = true, .optional = true}};
  int64_t lowest = -128;
  int64_t dtype = 1;  // of y: 1 int8, 2 uint8
};

}  // namespace octet
