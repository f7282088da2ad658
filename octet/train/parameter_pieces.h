// The parameters of an update as the kernels of the rules take them.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "octet/kernels/solver_updates.h"

namespace octet {

// states: [state][parameter], at most two. Empty unless all tensors are float32 in the memory of
// the CPU, each parameter's in one order without gaps.
std::vector<kernels::ParameterPiece> parameter_pieces(
    const std::vector<at::Tensor>& values, const std::vector<at::Tensor>& gradients,
    const std::vector<std::vector<at::Tensor>>& states);

}  // namespace octet
