#include "octet/train/sgd.h"

#include <ATen/ATen.h>

namespace octet {

Sgd::Sgd(const SgdOptions& options) : Solver("Sgd", options.learning_rate) {}

bool Sgd::apply_pieces(kernels::ParameterPieces pieces, const Step& step) {
  kernels::update_sgd(pieces, static_cast<float>(learning_rate()));
  return true;
}

void Sgd::apply(const Step& step) {
  at::_foreach_add_(step.values, step.gradients, -learning_rate());
}

}  // namespace octet
