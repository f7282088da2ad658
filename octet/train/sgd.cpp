#include "octet/train/sgd.h"

#include <ATen/ATen.h>

#include "octet/train/parameter_pieces.h"

namespace octet {

Sgd::Sgd(const SgdOptions& options) : Solver("Sgd", options.learning_rate) {}

void Sgd::apply(const Step& step) {
  const auto rate = static_cast<float>(learning_rate());
  const bool updated = update_pieces(parameter_pieces(step.values, step.gradients, {}),
                                     [&](const ParameterPiece& piece) {
                                       for (int64_t i = 0; i < piece.count; ++i)
                                         piece.value[i] -= rate * piece.gradient[i];
                                     });
  if (!updated) at::_foreach_add_(step.values, step.gradients, -learning_rate());
}

}  // namespace octet
