#include "octet/quant/signal_to_noise.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "octet/base/error.h"
#include "octet/base/shape.h"

namespace octet {

void SignalToNoise::add(const at::Tensor& x, const at::Tensor& y) {
  OCTET_CHECK(x.sizes() == y.sizes(), "signal to noise", "the shapes {} and {} differ",
              to_string(Shape(x.sizes().vec())), to_string(Shape(y.sizes().vec())));
  const at::Tensor truth = x.detach().to(at::kCPU, at::kDouble);
  const at::Tensor error = truth - y.detach().to(at::kCPU, at::kDouble);
  signal += truth.square().sum().item<double>();
  noise += error.square().sum().item<double>();
}

double SignalToNoise::decibels() const {
  if (noise == 0) return std::numeric_limits<double>::infinity();
  // An infinite value leaves no ratio to speak of.
  if (!std::isfinite(signal)) return std::numeric_limits<double>::quiet_NaN();
  return 10 * std::log10(signal / noise);
}

}  // namespace octet
