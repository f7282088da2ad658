#include "octet/ops/dequantize_linear.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"
#include "octet/quant/fake_quantize.h"
#include "octet/quant/finite.h"

namespace octet {
namespace {

// One value serves a tensor of any rank.
at::Tensor fitting_rank(const at::Tensor& value, const at::Tensor& x) {
  return value.numel() == 1 && value.dim() > x.dim() ? value.reshape({}) : value;
}

}  // namespace

OutputTypes infer(const DequantizeLinear& op, InputTypes inputs) {
  for (size_t i = 1; i < 3; ++i) {
    if (inputs[i].shape.num_elements() == 1) continue;
    const Shape joint = broadcast_shapes(inputs[0].shape, inputs[i].shape, op.kType);
    OCTET_CHECK(joint == inputs[0].shape, op.kType, "{} {} is larger than the input {}",
                op.kInputs[i].name, to_string(inputs[i].shape), to_string(inputs[0].shape));
  }
  return {{DType::kFloat32, inputs[0].shape, {}}};
}

OutputTensors forward(const DequantizeLinear&, InputTensors inputs, ForwardContext& context) {
  check_scale(inputs[1], context.where);
  return {dequantize_linear(inputs[0], fitting_rank(inputs[1], inputs[0]),
                            fitting_rank(inputs[2], inputs[0]))};
}

}  // namespace octet
