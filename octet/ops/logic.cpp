#include "octet/ops/logic.h"

#include <ATen/ATen.h>

namespace octet {
namespace {

at::Tensor truth(bool value, const at::Tensor& x) {
  return at::full({}, value, x.options().dtype(at::kBool));
}

}  // namespace

#define OCTET_LOGIC(Type, function)                                                   \
  OutputTypes infer(const Type& op, InputTypes inputs) {                              \
    const Shape shape = broadcast_shapes(inputs[0].shape, inputs[1].shape, op.kType); \
    return {{float_dtype(inputs[0].dtype), shape, {}}};                               \
  }                                                                                   \
  OutputTensors forward(const Type&, InputTensors inputs, ForwardContext&) {          \
    return {as_float_like(at::function(inputs[0], inputs[1]), inputs[0])};            \
  }                                                                                   \
  OCTET_FORWARD_UNARY(Type##Scalar, as_float_like(at::function(x, truth(op.val, x)), x))

OCTET_LOGIC(LogicalAnd, logical_and)
OCTET_LOGIC(LogicalOr, logical_or)
OCTET_LOGIC(LogicalXor, logical_xor)
OCTET_FORWARD_UNARY(LogicalNot, as_float_like(at::logical_not(x), x))

}  // namespace octet
