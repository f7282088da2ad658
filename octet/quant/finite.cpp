#include "octet/quant/finite.h"

#include <ATen/ATen.h>

#include <cmath>

namespace octet {

void check_finite(const at::Tensor& x, std::string_view where) {
  const at::NoGradGuard no_grad;
  if (!x.is_floating_point() || std::isfinite(x.sum().item<double>())) return;
  // The sum of large numbers may be infinite too.
  const int64_t bad = x.numel() - at::isfinite(x).sum().item<int64_t>();
  if (bad == 0) return;
  throw NonFiniteError(
      fmt::format("[{}] {} of {} values are NaN or infinite", where, bad, x.numel()));
}

void check_scale(const at::Tensor& scale, std::string_view where) {
  const at::NoGradGuard no_grad;
  const at::Tensor good = at::logical_and(scale > 0, at::isfinite(scale));
  if (good.all().item<bool>()) return;
  const at::Tensor bad = scale.flatten().index({good.flatten().logical_not()});
  throw_error(where, "the scale {} is not a positive number", bad[0].item<double>());
}

}  // namespace octet
