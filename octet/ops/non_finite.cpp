#include "octet/ops/non_finite.h"

#include <ATen/ATen.h>

namespace octet {

OCTET_FORWARD_UNARY(IsNaN, as_float_like(at::isnan(x), x))
OCTET_FORWARD_UNARY(IsInf, as_float_like(at::isinf(x), x))
OCTET_FORWARD_UNARY(ResetNaN, x.masked_fill(at::isnan(x), op.val))
OCTET_FORWARD_UNARY(ResetInf, x.masked_fill(at::isinf(x), op.val))

}  // namespace octet
