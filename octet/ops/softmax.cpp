#include "octet/ops/softmax.h"

#include <ATen/ATen.h>

#include "octet/ops/elementwise.h"

namespace octet {

OutputTypes infer(const Softmax& op, InputTypes inputs) {
  normalize_axis(op.axis, inputs[0].shape.rank(), op.kType);
  return infer_unary(inputs);
}

OutputTensors forward(const Softmax& op, InputTensors inputs, ForwardContext&) {
  return {at::softmax(as_float(inputs[0]), op.axis)};
}

OutputTypes infer(const LogSoftmax& op, InputTypes inputs) {
  normalize_axis(op.axis, inputs[0].shape.rank(), op.kType);
  return infer_unary(inputs);
}

OutputTensors forward(const LogSoftmax& op, InputTensors inputs, ForwardContext&) {
  return {at::log_softmax(as_float(inputs[0]), op.axis)};
}

}  // namespace octet
