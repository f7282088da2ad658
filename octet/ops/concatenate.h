// Joining tensors along an existing axis (Concatenate) or a new one (Stack). Any number of inputs,
// at least one, of one element type.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

// Inputs agree in all extents but that of `axis`; the output's extent there is their sum.
struct Concatenate {
  OCTET_ATTRIBUTES(Concatenate, axis)
  static constexpr std::array kInputs{InputSpec{.name = "x", .variadic = true}};
  int64_t axis = -1;
};

// Inputs agree in all extents; the output has a new dimension at `axis`, as long as the number of
// inputs. axis is in [-rank - 1, rank].
struct Stack {
  OCTET_ATTRIBUTES(Stack, axis)
  static constexpr std::array kInputs{InputSpec{.name = "x", .variadic = true}};
  int64_t axis = 0;
};

}  // namespace octet
