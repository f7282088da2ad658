#include "octet/train/momentum.h"

#include <ATen/ATen.h>

#include "octet/train/parameter_pieces.h"

namespace octet {

Momentum::Momentum(const MomentumOptions& options)
    : Solver("Momentum", options.learning_rate), momentum_(options.momentum) {
  check_rate(momentum_, "momentum", "Momentum");
}

void Momentum::apply(const Step& step) {
  const auto rate = static_cast<float>(learning_rate()), kept = static_cast<float>(momentum_);
  const bool updated = update_pieces(parameter_pieces(step.values, step.gradients, step.states),
                                     [&](const ParameterPiece& piece) {
                                       float* v = piece.states[0];
                                       for (int64_t i = 0; i < piece.count; ++i) {
                                         v[i] = kept * v[i] + rate * piece.gradient[i];
                                         piece.value[i] -= v[i];
                                       }
                                     });
  if (updated) return;
  const std::vector<at::Tensor>& velocity = step.states[0];
  at::_foreach_mul_(velocity, momentum_);
  at::_foreach_add_(velocity, step.gradients, learning_rate());
  at::_foreach_sub_(step.values, velocity);
}

}  // namespace octet
