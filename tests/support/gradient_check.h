// Gradients against finite differences, along random directions.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace octet {

using TensorFunction = std::function<std::vector<at::Tensor>(const std::vector<at::Tensor>&)>;

// For each input named in `wanted`, and for a random direction u and random weights w of all
// floating outputs y: the derivative of <w, y> along u by autograd, <gradient, u>, against the
// central difference over a step of 1e-6. Returns the largest |difference| / max(1, |derivative|).
//
// Floating inputs are converted to float64, in which the result is below 1e-6 where the function is
// smooth. `function` must be deterministic and may change its arguments: it gets fresh copies.
// Three directions are tried; the same seed gives the same ones.
double gradient_check(const TensorFunction& function, const std::vector<at::Tensor>& inputs,
                      const std::vector<size_t>& wanted, uint64_t seed);

}  // namespace octet
