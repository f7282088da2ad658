#include "octet/ops/cast.h"

#include <ATen/ATen.h>

#include "octet/ops/op_types.h"
#include "octet/ops/scalar_types.h"

namespace octet {

OutputTypes infer(const Cast& op, InputTypes inputs) {
  return {{parse_dtype(op.dtype), inputs[0].shape, {}}};
}

OutputTensors forward(const Cast& op, InputTensors inputs, ForwardContext&) {
  return {inputs[0].to(scalar_type_of(parse_dtype(op.dtype)))};
}

}  // namespace octet
