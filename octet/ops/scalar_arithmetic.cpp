#include "octet/ops/scalar_arithmetic.h"

#include <ATen/ATen.h>

namespace octet {

OCTET_FORWARD_UNARY(AddScalar, x.add(op.val))
OCTET_FORWARD_UNARY(MulScalar, x.mul(op.val))
OCTET_FORWARD_UNARY(PowScalar, at::pow(x, op.val))
OCTET_FORWARD_UNARY(RSubScalar, at::rsub(x, op.val))
// ATen's number / tensor would first fill a whole tensor with the number.
OCTET_FORWARD_UNARY(RDivScalar, at::full({}, op.val, x.options()) / x)
OCTET_FORWARD_UNARY(RPowScalar, at::pow(op.val, x))
OCTET_FORWARD_UNARY(MinimumScalar, x.masked_fill(x.ge(op.val), op.val))
OCTET_FORWARD_UNARY(MaximumScalar, x.masked_fill(x.le(op.val), op.val))

}  // namespace octet
