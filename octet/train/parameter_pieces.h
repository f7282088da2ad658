// The parameters of an update as the kernels of the rules take them.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "octet/kernels/solver_updates.h"

namespace octet {

// Parameter::unit as parameter_pieces() takes it: itself if it varies along one axis at most, else
// a copy in the shape and order of the value. Undefined if it is.
at::Tensor unit_for_pieces(const at::Tensor& unit, const at::Tensor& value);

// units: by unit_for_pieces(); states: [state][parameter], at most two. Empty unless all tensors
// are float32 in the memory of the CPU, each parameter's in one order without gaps.
std::vector<kernels::ParameterPiece> parameter_pieces(
    const std::vector<at::Tensor>& values, const std::vector<at::Tensor>& gradients,
    const std::vector<at::Tensor>& units, const std::vector<std::vector<at::Tensor>>& states);

}  // namespace octet
