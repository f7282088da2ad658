#include "octet/train/momentum.h"

#include <ATen/ATen.h>

namespace octet {

Momentum::Momentum(const MomentumOptions& options)
    : Solver("Momentum", options.learning_rate), momentum_(options.momentum) {
  check_rate(momentum_, "momentum", "Momentum");
}

void Momentum::apply(const Step& step) {
  const std::vector<at::Tensor>& velocity = step.states[0];
  at::_foreach_mul_(velocity, momentum_);
  at::_foreach_add_(velocity, step.gradients, learning_rate());
  at::_foreach_sub_(step.values, velocity);
}

}  // namespace octet
