// How much of a signal quantization leaves.
#pragma once

#include <ATen/core/Tensor.h>

namespace octet {

// Sums over all pairs of elements that were added, in float64.
struct SignalToNoise {
  double signal = 0;  // of x^2
  double noise = 0;   // of (x - y)^2

  // Adds the pairs of the true x and the quantized y. Throws Error if the shapes differ.
  void add(const at::Tensor& x, const at::Tensor& y);

  // The signal to quantization noise ratio, 10 log10(signal / noise). Infinite where nothing
  // differs, minus infinity for noise alone, NaN where a value is not finite.
  double decibels() const;
};

}  // namespace octet
