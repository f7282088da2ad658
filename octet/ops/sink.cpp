#include "octet/ops/sink.h"

#include <ATen/ATen.h>

#include "octet/ops/op_types.h"

namespace octet {

OutputTypes infer(const Sink&, InputTypes) {
  return {{DType::kFloat32, {}, {}}};
}

OutputTensors forward(const Sink& op, InputTensors inputs, ForwardContext& context) {
  at::Tensor total = at::zeros({}, at::TensorOptions().dtype(at::kFloat).device(context.device));
  if (!op.one_input_grad) return {total};
  for (const at::Tensor& input : inputs) total = total + input.sum().to(at::kFloat);
  return {total};
}

OutputTypes infer(const Unlink&, InputTypes inputs) {
  return {inputs[0]};
}

OutputTensors forward(const Unlink&, InputTensors inputs, ForwardContext&) {
  return {inputs[0].detach()};
}

}  // namespace octet
