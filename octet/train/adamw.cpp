#include "octet/train/adamw.h"

#include <ATen/ATen.h>

namespace octet {

AdamW::AdamW(const AdamWOptions& options)
    : Solver("AdamW", options.learning_rate), options_(options) {
  check_positive(options.learning_rate, "the learning rate", "AdamW");
  check_rate(options.beta1, "beta1", "AdamW");
  check_rate(options.beta2, "beta2", "AdamW");
  check_positive(options.eps, "eps", "AdamW");
  check_rate(options.weight_decay, "weight_decay", "AdamW");
}

double AdamW::kept() const {
  const double eta = learning_rate() / initial_learning_rate();
  return 1 - eta * options_.weight_decay;
}

AdamOptions AdamW::adam_options() const {
  return {.learning_rate = learning_rate(),
          .beta1 = options_.beta1,
          .beta2 = options_.beta2,
          .eps = options_.eps};
}

bool AdamW::apply_pieces(kernels::ParameterPieces pieces, const Step& step) {
  std::vector<float> factors;
  for (const bool decays : step.decays) factors.push_back(static_cast<float>(decays ? kept() : 1));
  adam_step(pieces, factors, step.counts, adam_options());
  return true;
}

void AdamW::apply(const Step& step) {
  // Adam's term does not read w, so the decay may go first.
  std::vector<at::Tensor> decaying;
  for (size_t i = 0; i < step.values.size(); ++i) {
    if (step.decays[i]) decaying.push_back(step.values[i]);
  }
  if (!decaying.empty()) at::_foreach_mul_(decaying, kept());
  adam_step(step.values, step.gradients, step.states[0], step.states[1], step.counts,
            adam_options());
}

}  // namespace octet
