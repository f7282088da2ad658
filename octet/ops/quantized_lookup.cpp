#include "octet/ops/quantized_lookup.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"
#include "octet/ops/shape_checks.h"

namespace octet {

OutputTypes infer(const QuantizedLookup& op, InputTypes inputs) {
  OCTET_CHECK(op.dtype == 1 || op.dtype == 2, op.kType,
              "dtype {} is not one of 1 (int8), 2 (uint8)", op.dtype);
  OCTET_CHECK(op.lowest == -128 || op.lowest == 0, op.kType,
              "lowest {} is not one of -128 (int8), 0 (uint8)", op.lowest);
  for (size_t i = 1; i < inputs.size(); ++i) {
    check_shape(op.kType, op.kInputs[i].name, inputs[i].shape, {kLookupEntries});
  }
  return {{op.dtype == 1 ? DType::kInt8 : DType::kUInt8, inputs[0].shape, {}}};
}

OutputTensors forward(const QuantizedLookup& op, InputTensors inputs, ForwardContext& context) {
  const at::Tensor& x = inputs[0];
  const at::Tensor entry = x.detach().to(at::kLong) - op.lowest;
  if (entry.numel() > 0) {
    const auto lowest = entry.min().item<int64_t>() + op.lowest;
    const auto highest = entry.max().item<int64_t>() + op.lowest;
    OCTET_CHECK(lowest >= op.lowest && highest < op.lowest + kLookupEntries, context.where,
                "the table has no entry for the integers {} to {}", lowest, highest);
  }
  const at::Tensor y = at::take(inputs[1].detach(), entry).to(at::kFloat);
  if (inputs.size() < 3 || !at::GradMode::is_enabled() || !x.requires_grad()) return {y};
  // Brings the gradient along and takes its value away again.
  const at::Tensor tangent = x * at::take(inputs[2].detach(), entry);
  return {y + (tangent - tangent.detach())};
}

}  // namespace octet
