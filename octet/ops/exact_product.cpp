#include "octet/ops/exact_product.h"

#include <ATen/ATen.h>

#include <limits>

namespace octet {
namespace {

// Up to here a float32 holds every integer.
constexpr double kExactInFloat = 1 << std::numeric_limits<float>::digits;
constexpr double kSplit = 16;

double largest_value(const at::Tensor& x) {
  return x.numel() == 0 ? 0.0 : x.abs().max().item<double>();
}

at::Tensor in_double(const at::Tensor& x, const at::Tensor& w, const Product& product) {
  return product(x.to(at::kDouble), w.to(at::kDouble));
}

// The exact sums in float64.
at::Tensor split_product(const at::Tensor& x, const at::Tensor& w, double largest_x,
                         const std::vector<int64_t>& reduced, const Product& product) {
  const at::Tensor high = at::round(w / kSplit);
  const at::Tensor low = w - high * kSplit;
  const bool fits = largest_x * largest_weight_sum(high, reduced) < kExactInFloat &&
                    largest_x * largest_weight_sum(low, reduced) < kExactInFloat;
  if (!fits) return in_double(x, w, product);
  return product(x, high).to(at::kDouble).mul_(kSplit).add_(product(x, low));
}

// `bound`: of the product's values.
at::Tensor with_bias(const at::Tensor& product, double bound, const at::Tensor& bias) {
  if (!bias.defined()) return product.to(at::kFloat);
  if (bound + largest_value(bias.detach()) < kExactInFloat) return product + bias.to(at::kFloat);
  // The sum of two whole numbers below 2^53 is exact in float64, and rounded once.
  return (product.to(at::kDouble) + bias.to(at::kDouble)).to(at::kFloat);
}

}  // namespace

double largest_weight_sum(const at::Tensor& w, const std::vector<int64_t>& reduced) {
  if (w.numel() == 0) return 0;
  const at::Tensor magnitudes = w.detach().to(at::kDouble).abs();
  return (reduced.empty() ? magnitudes : magnitudes.sum(reduced)).max().item<double>();
}

at::Tensor exact_product(const at::Tensor& x, const at::Tensor& w, const at::Tensor& bias,
                         const std::vector<int64_t>& reduced, const Product& product) {
  const double largest_x = largest_value(x.detach());
  const double bound = largest_x * largest_weight_sum(w, reduced);
  if (bound < kExactInFloat) return with_bias(product(x, w), bound, bias);
  const bool gradients = at::GradMode::is_enabled() && (x.requires_grad() || w.requires_grad());
  at::Tensor exact;
  {
    const at::NoGradGuard no_grad;
    exact = split_product(x, w, largest_x, reduced, product);
  }
  if (gradients) {
    // The inexact product brings its gradient along and takes its value away again.
    const at::Tensor inexact = product(x, w);
    exact = exact + (inexact - inexact.detach());
  }
  return with_bias(exact, bound, bias);
}

}  // namespace octet
