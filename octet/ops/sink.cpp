#include "octet/ops/sink.h"

#include <ATen/ATen.h>

#include "octet/ops/elementwise.h"
#include "octet/ops/op_types.h"

namespace octet {

OutputTypes infer(const Sink&, InputTypes inputs) {
  return {{float_dtype(inputs[0].dtype), {}, {}}};
}

OutputTensors forward(const Sink& op, InputTensors inputs, ForwardContext&) {
  at::Tensor total = at::zeros({}, as_float(inputs[0]).options());
  if (!op.one_input_grad) return {total};
  for (const at::Tensor& input : inputs) total = total + input.sum().to(total.scalar_type());
  return {total};
}

OutputTypes infer(const Unlink&, InputTypes inputs) {
  return {inputs[0]};
}

OutputTensors forward(const Unlink&, InputTensors inputs, ForwardContext&) {
  return {inputs[0].detach()};
}

}  // namespace octet
