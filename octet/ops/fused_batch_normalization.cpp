#include "octet/ops/fused_batch_normalization.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/batch_statistics.h"
#include "octet/ops/op_types.h"
#include "octet/ops/shape_checks.h"

namespace octet {
namespace {

constexpr size_t kAddend = 5;

}  // namespace

OutputTypes infer(const FusedBatchNormalization& op, InputTypes inputs) {
  OCTET_CHECK(op.nonlinearity == "relu", op.kType, "nonlinearity '{}' must be 'relu'",
              op.nonlinearity);
  check_batch_normalization(op.kType, op.axes, inputs, /*num_parameters=*/4);
  if (inputs.size() > kAddend) {
    check_shape(op.kType, "z", inputs[kAddend].shape, inputs[0].shape);
  }
  return {{inputs[0].dtype, inputs[0].shape, {}}};
}

OutputTensors forward(const FusedBatchNormalization& op, InputTensors inputs,
                      ForwardContext& context) {
  const at::Tensor y = batch_normalize(inputs[0],
                                       {.beta = inputs[1],
                                        .gamma = inputs[2],
                                        .mean = inputs[3],
                                        .variance = inputs[4],
                                        .axes = op.axes,
                                        .decay_rate = op.decay_rate,
                                        .eps = op.eps,
                                        .batch_stat = op.batch_stat},
                                       context);
  return {at::relu(inputs.size() > kAddend ? y + inputs[kAddend] : y)};
}

}  // namespace octet
