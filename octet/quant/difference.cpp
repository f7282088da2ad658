#include "octet/quant/difference.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "octet/base/error.h"
#include "octet/base/shape.h"

namespace octet {
namespace {

double mean(double sum, int64_t count) {
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

}  // namespace

double Difference::mean_absolute() const {
  return mean(sum_absolute, elements);
}
double Difference::mean_relative() const {
  return mean(sum_relative, elements);
}
double Difference::share() const {
  return 100 * mean(static_cast<double>(differing), elements);
}

void Difference::add(const at::Tensor& a, const at::Tensor& b, const at::Tensor& scale) {
  OCTET_CHECK(a.sizes() == b.sizes(), "difference", "the shapes {} and {} differ",
              to_string(Shape(a.sizes().vec())), to_string(Shape(b.sizes().vec())));
  if (a.numel() == 0) return;
  const at::Tensor x = a.detach().to(at::kCPU, at::kDouble);
  const at::Tensor y = b.detach().to(at::kCPU, at::kDouble);
  const at::Tensor nan_x = at::isnan(x);
  const at::Tensor nan_y = at::isnan(y);
  const at::Tensor equal = at::logical_or(x == y, at::logical_and(nan_x, nan_y));
  const auto settle = [&](const at::Tensor& distance) {
    const double infinity = std::numeric_limits<double>::infinity();
    return at::nan_to_num(distance, infinity, infinity).masked_fill(equal, 0);
  };
  const at::Tensor absolute = settle((x - y).abs());
  const at::Tensor relative = settle(absolute / at::maximum(x.abs(), y.abs()));
  elements += a.numel();
  nans_a += nan_x.sum().item<int64_t>();
  nans_b += nan_y.sum().item<int64_t>();
  differing += a.numel() - equal.sum().item<int64_t>();
  max_absolute = std::max(max_absolute, absolute.max().item<double>());
  max_relative = std::max(max_relative, relative.max().item<double>());
  sum_absolute += absolute.sum().item<double>();
  sum_relative += relative.sum().item<double>();
  if (!scale.defined()) return;
  has_steps = true;
  const at::Tensor steps = absolute / scale.detach().to(at::kCPU, at::kDouble);
  max_steps = std::max(max_steps, steps.max().item<double>());
}

}  // namespace octet
