#include "octet/plan/step.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/plan/arena.h"

namespace octet::plan {

at::Tensor Value::gradient_tensor() const {
  OCTET_INTERNAL_CHECK(gradient != nullptr && layout == kernels::Layout::kPlain);
  return at::from_blob(gradient, shape, at::kFloat);
}

float* Step::input_gradient(size_t i) const {
  for (const GradientTarget& target : gradient_targets) {
    if (target.input != i) continue;
    return target.accumulate ? float_buffer(target.scratch) : input(i).gradient;
  }
  return nullptr;
}

void* Step::buffer(BufferId id) const {
  return context.arena->pointer(id);
}

}  // namespace octet::plan
