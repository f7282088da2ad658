#include "octet/ops/add2.h"

#include <ATen/ATen.h>

#include "octet/ops/elementwise.h"

namespace octet {

OutputTypes infer(const Add2& op, InputTypes inputs) {
  return infer_broadcast(op.kType, inputs);
}

OutputTensors forward(const Add2&, InputTensors inputs, ForwardContext&) {
  return {inputs[0] + inputs[1]};
}

}  // namespace octet
