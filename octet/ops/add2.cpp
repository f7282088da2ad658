#include "octet/ops/add2.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"

namespace octet {

OutputTypes infer(const Add2& op, InputTypes inputs) {
  OCTET_CHECK(inputs[0].dtype == inputs[1].dtype, op.kType, "cannot add {} to {}",
              to_string(inputs[1].dtype), to_string(inputs[0].dtype));
  return {{inputs[0].dtype, broadcast_shapes(inputs[0].shape, inputs[1].shape, op.kType), {}}};
}

OutputTensors forward(const Add2&, InputTensors inputs, ForwardContext&) {
  return {inputs[0] + inputs[1]};
}

}  // namespace octet
