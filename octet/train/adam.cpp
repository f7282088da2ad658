#include "octet/train/adam.h"

#include <ATen/ATen.h>

#include <cmath>

namespace octet {

namespace {

// Of each parameter after its number of updates.
std::vector<double> adam_rates(const std::vector<int64_t>& counts, const AdamOptions& options) {
  std::vector<double> rates;
  for (const int64_t count : counts) {
    const double t = static_cast<double>(count);
    rates.push_back(options.learning_rate * std::sqrt(1 - std::pow(options.beta2, t)) /
                    (1 - std::pow(options.beta1, t)));
  }
  return rates;
}

}  // namespace

Adam::Adam(const AdamOptions& options) : Solver("Adam", options.learning_rate), options_(options) {
  check_rate(options.beta1, "beta1", "Adam");
  check_rate(options.beta2, "beta2", "Adam");
  check_positive(options.eps, "eps", "Adam");
}

bool Adam::apply_pieces(kernels::ParameterPieces pieces, const Step& step) {
  options_.learning_rate = learning_rate();
  adam_step(pieces, std::vector<float>(step.counts.size(), 1), step.counts, options_);
  return true;
}

void Adam::apply(const Step& step) {
  options_.learning_rate = learning_rate();
  adam_step(step.values, step.gradients, step.states[0], step.states[1], step.counts, options_);
}

void adam_step(kernels::ParameterPieces pieces, const std::vector<float>& kept,
               const std::vector<int64_t>& counts, const AdamOptions& options) {
  const std::vector<double> rates = adam_rates(counts, options);
  std::vector<kernels::AdamRate> of_parameters;
  for (size_t i = 0; i < rates.size(); ++i) {
    of_parameters.push_back({.rate = static_cast<float>(rates[i]), .kept = kept[i]});
  }
  const auto running = [](double beta) {
    return kernels::RunningRate{.kept = static_cast<float>(beta),
                                .taken = static_cast<float>(1 - beta)};
  };
  kernels::update_adam(pieces, of_parameters, running(options.beta1), running(options.beta2),
                       static_cast<float>(options.eps));
}

void adam_step(const std::vector<at::Tensor>& values, const std::vector<at::Tensor>& gradients,
               const std::vector<at::Tensor>& means, const std::vector<at::Tensor>& variances,
               const std::vector<int64_t>& counts, const AdamOptions& options) {
  const std::vector<double> rates = adam_rates(counts, options);
  at::_foreach_mul_(means, options.beta1);
  at::_foreach_add_(means, gradients, 1 - options.beta1);
  at::_foreach_mul_(variances, options.beta2);
  at::_foreach_addcmul_(variances, gradients, gradients, 1 - options.beta2);
  const std::vector<at::Tensor> divisors = at::_foreach_sqrt(variances);
  at::_foreach_add_(divisors, options.eps);
  std::vector<at::Scalar> factors;
  for (const double rate : rates) factors.emplace_back(-rate);
  at::_foreach_addcdiv_(values, means, divisors, factors);
}

}  // namespace octet
