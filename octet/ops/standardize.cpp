#include "octet/ops/standardize.h"

#include <ATen/ATen.h>

#include "octet/ops/shape_checks.h"

namespace octet {

at::Tensor standardize(const at::Tensor& x, const IntList& kept, double eps) {
  const IntList reduced = other_axes(kept, x.dim());
  // ATen takes an empty list for "all axes"; every value is its own mean here.
  if (reduced.empty()) return x - x;
  const at::Tensor mean = x.mean(reduced, /*keepdim=*/true);
  const at::Tensor centred = x - mean;
  const at::Tensor variance = centred.square().mean(reduced, /*keepdim=*/true);
  return centred * (variance + eps).rsqrt();
}

}  // namespace octet
