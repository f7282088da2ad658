#include "octet/train/momentum.h"

#include <ATen/ATen.h>

namespace octet {

Momentum::Momentum(const MomentumOptions& options)
    : Solver("Momentum", options.learning_rate), momentum_(options.momentum) {
  check_rate(momentum_, "momentum", "Momentum");
}

bool Momentum::apply_pieces(kernels::ParameterPieces pieces, const Step& step) {
  kernels::update_momentum(pieces, static_cast<float>(learning_rate()),
                           static_cast<float>(momentum_));
  return true;
}

void Momentum::apply(const Step& step) {
  const std::vector<at::Tensor>& velocity = step.states[0];
  at::_foreach_mul_(velocity, momentum_);
  at::_foreach_add_(velocity, step.gradients, learning_rate());
  at::_foreach_sub_(step.values, velocity);
}

}  // namespace octet
