#include "octet/ops/quantized_matmul.h"

#include <ATen/ATen.h>

#include "octet/ops/exact_product.h"
#include "octet/ops/op_types.h"

namespace octet {

OutputTypes infer(const BatchMatmul& op, InputTypes inputs);
OutputTensors forward(const BatchMatmul& op, InputTensors inputs, ForwardContext& context);

OutputTypes infer(const QuantizedBatchMatmul& op, InputTypes inputs) {
  for (const size_t i : {1, 2, 4, 5, 6, 7}) {
    check_qparams(op.kType, op.kInputs[i].name, inputs[i].shape);
  }
  const std::vector<VariableType> operands{{DType::kFloat32, inputs[0].shape, {}},
                                           {DType::kFloat32, inputs[3].shape, {}}};
  const Shape y = infer(static_cast<const BatchMatmul&>(op), operands)[0].shape;
  return {integer_type(op.kType, op, y)};
}

OutputTensors forward(const QuantizedBatchMatmul& op, InputTensors inputs, ForwardContext& ctx) {
  check_scale_values(op.kInputs, inputs, ctx.where);
  const at::Tensor a = centred(inputs[0], inputs[2]);
  const at::Tensor b = centred(inputs[3], inputs[5]);
  const int64_t inner = b.dim() == 1 ? 0 : b.dim() - (op.transpose_b ? 1 : 2);
  const at::Tensor acc =
      exact_product(a, b, {}, {inner}, [&](const at::Tensor& left, const at::Tensor& right) {
        return forward(static_cast<const BatchMatmul&>(op), std::vector<at::Tensor>{left, right},
                       ctx)[0];
      });
  const at::Tensor multiplier = layer_multiplier(inputs[1], inputs[4], inputs[6]);
  return {requantized(op, acc * multiplier.reshape({}), inputs[6], inputs[7], /*axis=*/0)};
}

}  // namespace octet
