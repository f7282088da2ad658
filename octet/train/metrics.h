// Figures that a training is watched by.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace octet {

// How many of the N samples do not have their label among the `n` highest logits. A tie counts
// against the label, as does a NaN, so that a network that gives the same for all is always wrong.
// `logits`: (N, C) or (N, C, 1, 1), floats. `labels`: (N) or (N, 1), integers in 0..C-1. Throws
// Error for other shapes, a label out of range and n outside 1..C.
int64_t count_top_n_errors(const at::Tensor& logits, const at::Tensor& labels, int64_t n = 1);

// The middle of the values in their order, the mean of the two in the middle of an even number; 0
// of none.
double median(std::vector<double> values);

}  // namespace octet
