// What NNabla's protobuf schema says about the arguments of its functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace octet {

struct NnablaField {
  std::string name;
  char kind = 'i';            // as in function_schema.inc
  std::string default_value;  // NNabla's default where it is not zero, else empty
};

struct NnablaFunction {
  std::string message;  // "convolution_param"
  std::vector<NnablaField> fields;

  // Null if the schema has no field of that name.
  const NnablaField* find(std::string_view name) const;
};

// Null for a function type that has no arguments or that NNabla does not know.
const NnablaFunction* nnabla_function(std::string_view type);

}  // namespace octet
