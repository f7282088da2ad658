#include "octet/ops/learned_scale.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"
#include "octet/quant/fake_quantize.h"

namespace octet {

OutputTypes infer(const LearnedScale& op, InputTypes inputs) {
  parse_pow2(op.pow2);
  OCTET_CHECK(op.gradient_scale > 0, op.kType, "gradient_scale {} must be positive",
              op.gradient_scale);
  return {{DType::kFloat32, inputs[0].shape, {}}};
}

OutputTensors forward(const LearnedScale& op, InputTensors inputs, ForwardContext&) {
  return {learned_scale(inputs[0], parse_pow2(op.pow2), op.gradient_scale)};
}

}  // namespace octet
