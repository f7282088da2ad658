#include "octet/ops/batch_normalization.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/batch_statistics.h"
#include "octet/ops/op_types.h"

namespace octet {

BatchNormalizationInputs::BatchNormalizationInputs(const BatchNormalization& op,
                                                   size_t num_inputs) {
  int next = 1;
  if (!op.no_bias) beta = next++;
  if (!op.no_scale) gamma = next++;
  if (static_cast<int>(num_inputs) > next) {
    mean = next++;
    variance = next++;
  }
}

OutputTypes infer(const BatchNormalization& op, InputTypes inputs) {
  const size_t affine = (op.no_bias ? 0 : 1) + (op.no_scale ? 0 : 1);
  const size_t full = 1 + affine + 2;
  OCTET_CHECK(inputs.size() == full || (op.batch_stat && inputs.size() == 1 + affine), op.kType,
              "needs {} inputs (x{}{}, mean, variance), got {}", full, op.no_bias ? "" : ", beta",
              op.no_scale ? "" : ", gamma", inputs.size());
  check_batch_normalization(op.kType, op.axes, inputs);
  return {{inputs[0].dtype, inputs[0].shape, {}}};
}

OutputTensors forward(const BatchNormalization& op, InputTensors inputs, ForwardContext& context) {
  const BatchNormalizationInputs at_input(op, inputs.size());
  const auto input = [&](int index) { return index < 0 ? at::Tensor() : inputs[index]; };
  return {batch_normalize(inputs[0],
                          {.beta = input(at_input.beta),
                           .gamma = input(at_input.gamma),
                           .mean = input(at_input.mean),
                           .variance = input(at_input.variance),
                           .axes = op.axes,
                           .decay_rate = op.decay_rate,
                           .eps = op.eps,
                           .batch_stat = op.batch_stat},
                          context)};
}

}  // namespace octet
