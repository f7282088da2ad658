#include "octet/train/nesterov.h"

#include <ATen/ATen.h>

namespace octet {

Nesterov::Nesterov(const NesterovOptions& options)
    : Solver("Nesterov", options.learning_rate), momentum_(options.momentum) {
  check_rate(momentum_, "momentum", "Nesterov");
}

bool Nesterov::apply_pieces(kernels::ParameterPieces pieces, const Step& step) {
  kernels::update_nesterov(pieces, static_cast<float>(learning_rate()),
                           static_cast<float>(momentum_));
  return true;
}

void Nesterov::apply(const Step& step) {
  const std::vector<at::Tensor>& velocity = step.states[0];
  at::_foreach_mul_(velocity, momentum_);
  at::_foreach_add_(velocity, step.gradients, -learning_rate());
  at::_foreach_add_(step.values, velocity, momentum_);
  at::_foreach_add_(step.values, step.gradients, -learning_rate());
}

}  // namespace octet
