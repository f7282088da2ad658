#include "octet/train/rmsprop.h"

#include <ATen/ATen.h>

namespace octet {

RMSprop::RMSprop(const RMSpropOptions& options)
    : Solver("RMSprop", options.learning_rate), decay_(options.decay), eps_(options.eps) {
  check_rate(decay_, "decay", "RMSprop");
  check_positive(eps_, "eps", "RMSprop");
}

bool RMSprop::apply_pieces(kernels::ParameterPieces pieces, const Step& step) {
  kernels::update_rmsprop(
      pieces, static_cast<float>(learning_rate()),
      {.kept = static_cast<float>(decay_), .taken = static_cast<float>(1 - decay_)},
      static_cast<float>(eps_));
  return true;
}

void RMSprop::apply(const Step& step) {
  const std::vector<at::Tensor>& squares = step.states[0];
  at::_foreach_mul_(squares, decay_);
  at::_foreach_addcmul_(squares, step.gradients, step.gradients, 1 - decay_);
  const std::vector<at::Tensor> divisors = at::_foreach_sqrt(squares);
  at::_foreach_add_(divisors, eps_);
  at::_foreach_addcdiv_(step.values, step.gradients, divisors, -learning_rate());
}

}  // namespace octet
