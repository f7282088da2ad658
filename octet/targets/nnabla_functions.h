// NNabla's functions, and what its protobuf schema says about their arguments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "octet/base/shape.h"

namespace octet {

struct NnablaField {
  std::string name;
  char kind = 'i';            // as in nnabla_functions.inc
  std::string default_value;  // NNabla's default where it is not zero, else empty
};

struct NnablaFunction {
  std::string message;  // "convolution_param"; "" without arguments
  std::vector<NnablaField> fields;

  // Null if the schema has no field of that name.
  const NnablaField* find(std::string_view name) const;
};

// Null for a function type that NNabla does not know.
const NnablaFunction* nnabla_function(std::string_view type);

// Whether a reshape from x to y, both with a free first dimension, reshapes each sample by itself:
// NNabla takes a -1 in front of a shape for the batch size, whatever there is in x.
bool keeps_batch(const Shape& x, const Shape& y);

}  // namespace octet
