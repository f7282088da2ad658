// Batch normalization (Ioffe and Szegedy 2015): y = gamma (x - mean) / sqrt(var + eps) + beta, with
// one mean and variance for each index along `axes` (the channels).
//
// Inputs: x, beta unless no_bias, gamma unless no_scale, mean, variance. With batch_stat the last
// two may be left out. Each has the rank of x and extent 1 in every dimension not in `axes`: (1, C,
// 1, 1) for images.
//
// batch_stat: mean and (biased) variance are those of x, and forward() updates the running ones in
// place, outside of autograd, with N the number of values behind each mean:
//   mean = decay_rate mean + (1 - decay_rate) batch mean
//   variance = decay_rate variance + (1 - decay_rate) N / (N - 1) batch variance
// Otherwise the running ones are used. A training run on one value per channel is an Error.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct BatchNormalization {
  OCTET_ATTRIBUTES(BatchNormalization, axes, decay_rate, eps, batch_stat, no_scale, no_bias)
  static constexpr std::array kInputs{
      InputSpec{"x"}, InputSpec{.name = "beta", .parameter = true, .optional = true},
      InputSpec{.name = "gamma", .parameter = true, .optional = true},
      InputSpec{.name = "mean", .parameter = true, .optional = true, .exact = true},
      InputSpec{.name = "variance", .parameter = true, .optional = true, .exact = true}};
  IntList axes = {1};
  float decay_rate = 0.9F;
  float eps = 1e-5F;
  bool batch_stat = true;
  bool no_scale = false;
  bool no_bias = false;
};

// Where the parameters stand among a BatchNormalization's inputs; -1 for one that is missing.
struct BatchNormalizationInputs {
  BatchNormalizationInputs(const BatchNormalization& op, size_t num_inputs);
  int beta = -1;
  int gamma = -1;
  int mean = -1;
  int variance = -1;
};

}  // namespace octet
