#include "octet/train/rmsprop.h"

#include <ATen/ATen.h>

namespace octet {

RMSprop::RMSprop(const RMSpropOptions& options)
    : Solver("RMSprop", options.learning_rate), decay_(options.decay), eps_(options.eps) {
  check_rate(decay_, "decay", "RMSprop");
  check_positive(eps_, "eps", "RMSprop");
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
