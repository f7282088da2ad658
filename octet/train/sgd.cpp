#include "octet/train/sgd.h"

#include <ATen/ATen.h>

#include "octet/train/parameter_pieces.h"

namespace octet {

Sgd::Sgd(const SgdOptions& options) : Solver("Sgd", options.learning_rate) {}

void Sgd::apply(const Step& step) {
  const auto pieces = parameter_pieces(step.values, step.gradients, {});
  if (!pieces.empty()) return kernels::update_sgd(pieces, static_cast<float>(learning_rate()));
  at::_foreach_add_(step.values, step.gradients, -learning_rate());
}

}  // namespace octet
