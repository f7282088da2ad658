#include "octet/quant/rounding.h"

#include <ATen/ATen.h>

namespace octet {

at::Tensor round(const at::Tensor& x, RoundMode mode) {
  if (mode == RoundMode::HALF_TO_EVEN) return at::round(x);
  // floor(|x| + 0.5) would be wrong where that sum is itself rounded: just below 0.5, and for odd
  // numbers above 2^23. x - trunc(x) is exact.
  const at::Tensor whole = at::trunc(x);
  const at::Tensor steps_away = (x - whole).abs_().ge_(0.5).mul_(at::sign(x));
  return steps_away.add_(whole);
}

}  // namespace octet
