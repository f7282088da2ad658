// Integer functions worked out with plain loops in int64, for the tests of the real ones.
#pragma once

#include <ATen/core/Tensor.h>

#include <random>
#include <vector>

#include "octet/ops/operation.h"

namespace octet {

// Draws the shapes and numbers of random cases.
class IntegerCases {
 public:
  explicit IntegerCases(uint64_t seed) : random_(seed) {}
  int64_t number(int64_t low, int64_t high);  // both included
  bool coin() { return number(0, 1) == 1; }
  float scale();                                                       // from 0.002 to 0.05
  at::Tensor scales(int64_t count);                                    // (count), float32
  at::Tensor integers(const Shape& shape, int64_t low, int64_t high);  // float32

 private:
  std::mt19937_64 random_;
};

// clamp(round_half_even(float(acc) * m) + zero_point).
int64_t requantize_reference(int64_t acc, float m, int64_t zero_point, int64_t low, int64_t high);

// A convolution over (N, C, spatial...) of integers from which their zero point was taken, with
// weight (outmaps, C / group, kernel...); the accumulators (N, outmaps, spatial...) in int64.
// Transposed: weight (C, outmaps / group, kernel...).
struct ConvolutionReference {
  Shape pad, stride, dilation, output_padding = {};
  int64_t group = 1;
  at::Tensor run(const at::Tensor& x, const at::Tensor& w, const Shape& output) const;
  at::Tensor run_transposed(const at::Tensor& x, const at::Tensor& w, const Shape& output) const;
};

// The one output of an integer function: whole numbers in float32, of the inferred shape.
at::Tensor run_integers(const Attributes& attributes, const std::vector<at::Tensor>& inputs);

// What arrives at input `index` when `dy` comes back.
at::Tensor integer_gradient(const Attributes& attributes, std::vector<at::Tensor> inputs,
                            size_t index, const at::Tensor& dy);

std::vector<VariableType> types_of(const std::vector<at::Tensor>& inputs);

}  // namespace octet
