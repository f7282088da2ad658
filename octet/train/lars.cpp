#include "octet/train/lars.h"

#include <ATen/ATen.h>

#include <cmath>

#include "octet/base/error.h"

namespace octet {

namespace {

// The L2 norms on the host, one transfer for all.
std::vector<double> norms(const std::vector<at::Tensor>& tensors) {
  const at::Tensor all =
      at::stack(at::_foreach_norm(tensors, 2)).to(at::kCPU, at::kDouble).contiguous();
  return std::vector<double>(all.data_ptr<double>(), all.data_ptr<double>() + all.numel());
}

}  // namespace

Lars::Lars(const LarsOptions& options) : Solver("Lars", options.learning_rate), options_(options) {
  check_rate(options.momentum, "momentum", "Lars");
  check_positive(options.coefficient, "coefficient", "Lars");
  check_positive(options.eps, "eps", "Lars");
}

void Lars::weight_decay(double decay) {
  OCTET_CHECK(std::isfinite(decay) && decay >= 0, "Lars",
              "the weight decay must be 0 or more, not {}", decay);
  decay_ += decay;
}

std::vector<at::Scalar> Lars::local_rates(const Step& step) const {
  const std::vector<double> weight_norms = norms(step.values);
  const std::vector<double> gradient_norms = norms(step.gradients);
  std::vector<at::Scalar> rates;
  for (size_t i = 0; i < weight_norms.size(); ++i) {
    const double decay = step.decays[i] ? decay_ : 0;
    double divisor = gradient_norms[i] + decay * weight_norms[i];
    if (divisor < options_.eps) divisor += options_.eps;
    const double trust =
        weight_norms[i] < options_.eps ? 1 : options_.coefficient * weight_norms[i] / divisor;
    rates.emplace_back(learning_rate() * trust);
  }
  return rates;
}

bool Lars::apply_pieces(kernels::ParameterPieces pieces, const Step& step) {
  return false;
}

void Lars::apply(const Step& step) {
  std::vector<at::Tensor> decaying = step.values;
  for (size_t i = 0; i < decaying.size(); ++i) {
    if (!step.decays[i]) decaying[i] = at::zeros_like(decaying[i]);
  }
  std::vector<at::Tensor> moves = at::_foreach_add(step.gradients, decaying, decay_);
  at::_foreach_mul_(moves, local_rates(step));
  const std::vector<at::Tensor>& velocity = step.states[0];
  at::_foreach_mul_(velocity, options_.momentum);
  at::_foreach_add_(velocity, moves);
  at::_foreach_sub_(step.values, velocity);
  decay_ = 0;
}

}  // namespace octet
