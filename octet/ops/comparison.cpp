#include "octet/ops/comparison.h"

#include <ATen/ATen.h>

namespace octet {

#define OCTET_COMPARE(Type, compare)                                         \
  OutputTypes infer(const Type& op, InputTypes inputs) {                     \
    return infer_broadcast_float(op.kType, inputs);                          \
  }                                                                          \
  OutputTensors forward(const Type&, InputTensors inputs, ForwardContext&) { \
    return {as_float_like(at::compare(inputs[0], inputs[1]), inputs[0])};    \
  }                                                                          \
  OCTET_FORWARD_UNARY(Type##Scalar, as_float_like(at::compare(x, op.val), x))

OCTET_COMPARE(Equal, eq)
OCTET_COMPARE(NotEqual, ne)
OCTET_COMPARE(Greater, gt)
OCTET_COMPARE(GreaterEqual, ge)
OCTET_COMPARE(Less, lt)
OCTET_COMPARE(LessEqual, le)

}  // namespace octet
