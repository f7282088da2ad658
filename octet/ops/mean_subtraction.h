// y = x - rmean, with a running mean over the batch.
//
// x: leading base_axis dimensions (B elements in all), then (d...). rmean: (d...). t: one number,
// how many batches rmean has seen; not needed without update_running_mean. update_running_mean:
// forward() first updates in place, outside of autograd,
//   t = t + 1, rmean = rmean + (mean of x over the batch - rmean) / t
// and the gradient is dx = dy (1 - 1 / (t B)): each sample's own share in the mean, as NNabla
// defines it (the shares of the other samples in the batch are left out).
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct MeanSubtraction {
  OCTET_ATTRIBUTES(MeanSubtraction, base_axis, update_running_mean)
  static constexpr std::array kInputs{
      InputSpec{"x"}, InputSpec{.name = "rmean", .parameter = true, .exact = true},
      InputSpec{.name = "t", .parameter = true, .optional = true, .exact = true}};
  int64_t base_axis = 1;
  bool update_running_mean = true;
};

}  // namespace octet
