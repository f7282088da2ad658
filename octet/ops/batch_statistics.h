// What BatchNormalization and FusedBatchNormalization share.
#pragma once

#include <ATen/core/Tensor.h>

#include "octet/ops/op_types.h"

namespace octet {

struct BatchNormArguments {
  at::Tensor beta;      // undefined: 0
  at::Tensor gamma;     // undefined: 1
  at::Tensor mean;      // may be undefined with batch_stat; updated in place by it
  at::Tensor variance;  // likewise
  const IntList& axes;
  float decay_rate;
  float eps;
  bool batch_stat;
};

// Throws Error unless the axes are distinct, known dimensions of inputs[0] and inputs 1 to
// `num_parameters` (by default: all) have its rank, its extents along the axes and 1 elsewhere.
void check_batch_normalization(std::string_view type, const IntList& axes, InputTypes inputs,
                               size_t num_parameters = SIZE_MAX);

// The formula in batch_normalization.h.
at::Tensor batch_normalize(const at::Tensor& x, const BatchNormArguments& arguments,
                           const ForwardContext& context);

}  // namespace octet
