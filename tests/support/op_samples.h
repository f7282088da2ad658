// Sample inputs for every operation, for tests that sweep over all of them. A new row in ops.inc
// needs a sample here (tests/ops/op_sweep_test.cpp says which types have none): one line in the
// file of its family, tests/support/op_samples_<family>.cpp.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "octet/base/random.h"
#include "octet/ops/operation.h"

namespace octet {

struct OpSample {
  Attributes attributes;
  std::vector<at::Tensor> inputs = {};  // float32, or integers where the operation wants them
  // The inputs whose first dimension is the batch, so that it may be free and of any size. Empty
  // where samples are not independent of the batch size.
  std::vector<size_t> batch = {};
  // The inputs whose gradient is the derivative and is checked as such.
  std::vector<size_t> gradients = {};
  // Whether the output's type is an integer that a run holds in a float tensor, so that gradients
  // can flow through it.
  bool integers_in_floats = false;
};

// "Convolution {pad=(1, 1)} (2, 4, 5, 5), (6, 2, 3, 3)": what a failing test prints.
std::string describe(const OpSample& sample);

// All samples, families in the order below. The same in every run.
const std::vector<OpSample>& op_samples();

std::vector<OpSample> elementwise_samples();
std::vector<OpSample> layer_samples();
std::vector<OpSample> shape_samples();
std::vector<OpSample> loss_samples();
std::vector<OpSample> quantization_samples();

// Draws the inputs of a family's samples, always the same ones.
class SampleInputs {
 public:
  // float32, uniform in [low, high).
  at::Tensor uniform(const Shape& shape, double low = -2, double high = 2);
  // int64, uniform in [0, count).
  at::Tensor integers(const Shape& shape, int64_t count);
  // float32, 0 or 1.
  at::Tensor bits(const Shape& shape);

 private:
  RandomState random_{2024};
};

}  // namespace octet
