// How far two tensors that should be the same are apart.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace octet {

// Figures over all pairs of elements that were added. Two NaNs and two equal infinities agree; any
// other pair that is not finite is infinitely apart.
struct Difference {
  int64_t elements = 0;
  int64_t differing = 0;
  int64_t nans_a = 0;  // elements that are NaN in a, and in b
  int64_t nans_b = 0;
  double max_absolute = 0;
  double max_relative = 0;
  double max_steps = 0;
  double sum_absolute = 0;
  double sum_relative = 0;
  bool has_steps = false;  // a scale was given

  double mean_absolute() const;
  // |a - b| / max(|a|, |b|), from 0 to 2; 0 where both are 0.
  double mean_relative() const;
  // Percent of the elements that are not equal.
  double share() const;

  // Adds the pairs of two tensors of one shape. `scale`, where it is defined, broadcasts against
  // them: max_steps counts in units of it. Throws Error if the shapes differ.
  void add(const at::Tensor& a, const at::Tensor& b, const at::Tensor& scale = {});
};

}  // namespace octet
