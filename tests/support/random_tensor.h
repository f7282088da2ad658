// Small helpers for tests of operations over tensors of some size.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "octet/ops/operation.h"

namespace octet {

// Normal float64 values, the same for the same seed.
at::Tensor random_double(const Shape& shape, uint64_t seed);

// The shape of the first output for float32 inputs of these shapes.
Shape inferred_shape(const Attributes& attributes, const std::vector<Shape>& shapes);

}  // namespace octet
