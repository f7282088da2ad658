#include "octet/ops/negative_log_likelihood.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/index_checks.h"
#include "octet/ops/op_types.h"

namespace octet {

OutputTypes infer(const NegativeLogLikelihood& op, InputTypes inputs) {
  check_floating(inputs[0], op.kType);
  const Shape& x = inputs[0].shape;
  const Shape& target = inputs[1].shape;
  bool fits = x.rank() >= 2 && target.rank() == x.rank() - 1;
  for (int64_t i = 0; fits && i < target.rank(); ++i) {
    fits = extents_agree(target[i], x[i == 0 ? 0 : i + 1]);
  }
  OCTET_CHECK(fits, op.kType, "target {} must be the input {} without its axis 1",
              to_string(target), to_string(x));
  if (inputs.size() > 2) {
    OCTET_CHECK(inputs[2].shape.rank() == 1 && extents_agree(inputs[2].shape[0], x[1]) &&
                    inputs[2].dtype == inputs[0].dtype,
                op.kType, "class_weight {} {} must be {} ({})", to_string(inputs[2].dtype),
                to_string(inputs[2].shape), to_string(inputs[0].dtype), x[1]);
  }
  OCTET_CHECK(op.reduction == "none" || op.reduction == "sum" || op.reduction == "mean", op.kType,
              "reduction '{}' is not one of none, sum, mean", op.reduction);
  return {{inputs[0].dtype, op.reduction == "none" ? target : Shape(), {}}};
}

OutputTensors forward(const NegativeLogLikelihood& op, InputTensors inputs,
                      ForwardContext& context) {
  const at::Tensor& x = inputs[0];
  const at::Tensor ignored = inputs[1].eq(op.ignore_index);
  const at::Tensor target = checked_integers(inputs[1].masked_fill(ignored, 0), 0, x.size(1) - 1,
                                             "target", location(context, op.kType));
  at::Tensor weight = inputs.size() > 2 ? inputs[2].index_select(0, target.flatten())
                                        : at::ones({target.numel()}, x.options());
  weight = weight.reshape(target.sizes()).masked_fill(ignored, 0);
  const at::Tensor chosen = x.gather(1, target.unsqueeze(1)).squeeze(1);
  // Not a product: what is ignored may be infinite.
  const at::Tensor loss = -(weight * chosen.masked_fill(ignored, 0));
  if (op.reduction == "none") return {loss};
  if (op.reduction == "sum") return {loss.sum()};
  return {loss.sum() / weight.sum()};
}

}  // namespace octet
