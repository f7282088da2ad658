#include "octet/train/evaluation.h"

#include <ATen/ATen.h>

#include "octet/train/metrics.h"

namespace octet {

double top1_error(const VariableRef& image, const VariableRef& pred, DataLoader& loader,
                  Progress* progress) {
  const c10::Device device = pred.network().parameters()->device();
  loader.set_state({});
  int64_t errors = 0;
  int64_t examples = 0;
  while (const std::optional<Batch> batch = loader.next_in_epoch()) {
    image.d() = batch->image.to(device);
    pred.forward({.gradients = false});
    errors += count_top_n_errors(pred.d(), batch->label);
    examples += batch->label.size(0);
    const double percent = 100.0 * static_cast<double>(errors) / static_cast<double>(examples);
    if (progress != nullptr) progress->step({{"error", percent, "%"}});
  }
  return 100.0 * static_cast<double>(errors) / static_cast<double>(examples);
}

}  // namespace octet
