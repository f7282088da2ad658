#include "octet/ops/relu.h"

#include <ATen/ATen.h>

#include "octet/ops/axes.h"
#include "octet/ops/op_types.h"

namespace octet {

OutputTypes infer(const ReLU& op, InputTypes inputs) {
  check_number(inputs[0], op.kType);
  return {inputs[0]};
}

OutputTensors forward(const ReLU&, InputTensors inputs, ForwardContext&) {
  return {at::relu(inputs[0])};
}

}  // namespace octet
