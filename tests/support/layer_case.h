// One layer of the reference system, replayed: inputs and parameters in, outputs and gradients
// compared.
#pragma once

#include <string>
#include <vector>

#include "octet/ops/operation.h"

namespace octet {

struct LayerCase {
  std::string name;                 // folder below layers/
  Attributes attributes;            // the operation with its arguments
  std::vector<std::string> inputs;  // file names without .npy, in the operation's order: "in_x"
  // Allowed difference, in float32 eps of the largest value of a tensor.
  double eps = 4;
  bool gradients = true;
};

// Test assertions about the first output and, if wanted, the gradients of all inputs that have a
// file grad_<input>.npy.
void expect_layer_case(const LayerCase& layer_case);

}  // namespace octet
