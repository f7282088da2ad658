#include "octet/plan/step.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/plan/arena.h"

namespace octet::plan {

at::Tensor Value::gradient_tensor() const {
  OCTET_INTERNAL_CHECK(gradient != nullptr && layout == kernels::Layout::kPlain);
  return at::from_blob(gradient, shape, at::kFloat);
}

kernels::Gradient Step::any_input_gradient(size_t i) const {
  for (const GradientTarget& target : gradient_targets) {
    if (target.input != i) continue;
    kernels::Gradient gradient = input(i).any_gradient();
    if (target.accumulate) gradient.data = buffer(target.scratch);
    return gradient;
  }
  return {};
}

float* Step::input_gradient(size_t i) const {
  const kernels::Gradient gradient = any_input_gradient(i);
  OCTET_INTERNAL_CHECK(!gradient.is_bfloat16);
  return static_cast<float*>(gradient.data);
}

void* Step::buffer(BufferId id) const {
  return context.arena->pointer(id);
}

}  // namespace octet::plan
