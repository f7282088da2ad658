// y = relu(BN(x) + z), or relu(BN(x)) without z; BN as in batch_normalization.h, running
// statistics and their update included.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct FusedBatchNormalization {
  OCTET_ATTRIBUTES(FusedBatchNormalization, axes, decay_rate, eps, batch_stat, nonlinearity)
  static constexpr std::array kInputs{
      InputSpec{"x"},
      InputSpec{.name = "beta", .parameter = true},
      InputSpec{.name = "gamma", .parameter = true},
      InputSpec{.name = "mean", .parameter = true, .exact = true},
      InputSpec{.name = "variance", .parameter = true, .exact = true},
      InputSpec{.name = "z", .optional = true}};
  IntList axes = {1};
  float decay_rate = 0.9F;
  float eps = 1e-5F;
  bool batch_stat = true;
  std::string nonlinearity = "relu";  // no other is known
};

}  // namespace octet
