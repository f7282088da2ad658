#include "octet/train/sgd.h"

#include <ATen/ATen.h>

namespace octet {

Sgd::Sgd(const SgdOptions& options) : Solver("Sgd", options.learning_rate) {}

void Sgd::apply(const Step& step) {
  at::_foreach_add_(step.values, step.gradients, -learning_rate());
}

}  // namespace octet
