#include "octet/ops/dynamic_quantize_linear.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

constexpr double kLargest = 255;

}  // namespace

OutputTypes infer(const DynamicQuantizeLinear& op, InputTypes inputs) {
  const VariableType& x = inputs[0];
  OCTET_CHECK(x.dtype == DType::kFloat32, op.kType, "needs a float32 input, got {}",
              to_string(x.dtype));
  OCTET_CHECK(x.shape.num_elements() != 0, op.kType, "{} has no range", to_string(x.shape));
  return {{DType::kUInt8, x.shape, {}}, {DType::kFloat32, {}, {}}, {DType::kUInt8, {}, {}}};
}

OutputTensors forward(const DynamicQuantizeLinear&, InputTensors inputs, ForwardContext&) {
  const at::Tensor x = inputs[0].detach();
  const at::Tensor least = x.min().clamp_max(0);
  const at::Tensor range = (x.max().clamp_min(0) - least) / kLargest;
  const at::Tensor scale = at::where(range.eq(0), at::ones_like(range), range);
  const at::Tensor zero_point = (-least / scale).round().clamp(0, kLargest);
  const at::Tensor y = ((x / scale).round() + zero_point).clamp(0, kLargest);
  return {y.to(at::kByte), scale, zero_point.to(at::kByte)};
}

}  // namespace octet
