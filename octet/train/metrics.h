// Figures that a training is watched by.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace octet {

// A weighted mean that is built up value by value.
class RunningMean {
 public:
  void add(double value, double weight = 1) {
    sum_ += value * weight;
    weight_ += weight;
  }
  // NaN before the first value.
  double mean() const { return sum_ / weight_; }
  double weight() const { return weight_; }
  void reset() { *this = RunningMean(); }

 private:
  double sum_ = 0;
  double weight_ = 0;
};

// How many of the N samples do not have their label among the `n` highest logits. A tie counts
// against the label, as does a NaN, so that a network that gives the same for all is always wrong.
// `logits`: (N, C) or (N, C, 1, 1), floats. `labels`: (N) or (N, 1), integers in 0..C-1. Throws
// Error for other shapes, a label out of range and n outside 1..C.
int64_t count_top_n_errors(const at::Tensor& logits, const at::Tensor& labels, int64_t n = 1);

}  // namespace octet
