// Sums of products by Einstein's convention, as numpy.einsum: "bij,bjk->bik" is a batch of matrix
// products. Each letter (a to z, A to Z) names a dimension; "..." stands for any number of leading
// dimensions, which broadcast; a letter that is not in the result is summed over. Without "->", the
// result has "..." and then, in alphabetical order, the letters that occur once.
//
// Inputs: one per term of the equation, of one element type. Throws Error for an equation that is
// not of that form, and for shapes that do not fit it. ONNX's Einsum.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Einsum {
  OCTET_ATTRIBUTES(Einsum, equation)
  static constexpr std::array kInputs{InputSpec{.name = "x", .variadic = true}};
  std::string equation = "";
};

}  // namespace octet
