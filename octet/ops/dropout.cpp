#include "octet/ops/dropout.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/base/random.h"
#include "octet/ops/elementwise.h"

namespace octet {

OutputTypes infer(const Dropout& op, InputTypes inputs) {
  OCTET_CHECK(op.p >= 0 && op.p < 1, op.kType, "p {} is not within [0, 1)", op.p);
  return infer_unary(inputs);
}

OutputTensors forward(const Dropout& op, InputTensors inputs, ForwardContext& context) {
  const at::Tensor x = as_float(inputs[0]);
  RandomState own(op.seed >= 0 ? static_cast<uint64_t>(op.seed) : 0);
  RandomState& random = op.seed >= 0 ? own : *context.random;
  // Contiguous, so that the same draws reach the same elements whatever the memory layout of x.
  const at::Tensor mask = at::empty(x.sizes(), x.options())
                              .bernoulli_(1 - op.p, random.generator(x.device()))
                              .div_(1 - op.p);
  return {x * mask};
}

}  // namespace octet
