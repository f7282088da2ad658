#include "octet/ops/split.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"

namespace octet {

OutputTypes infer(const Split& op, InputTypes inputs) {
  VariableType part{inputs[0].dtype, inputs[0].shape, {}};
  const int64_t axis = normalize_axis(op.axis, part.shape.rank(), op.kType);
  const int64_t count = part.shape[axis];
  OCTET_CHECK(count != kFreeDim, op.kType,
              "axis {} of {} is free: the number of outputs is unknown", op.axis,
              to_string(part.shape));
  part.shape.erase(part.shape.begin() + axis);
  return OutputTypes(static_cast<size_t>(count), part);
}

OutputTensors forward(const Split& op, InputTensors inputs, ForwardContext&) {
  return at::unbind(inputs[0], op.axis);
}

}  // namespace octet
