#include "octet/ops/sort.h"

#include <ATen/ATen.h>

#include "octet/ops/axes.h"
#include "octet/ops/op_types.h"

namespace octet {

OutputTypes infer(const Sort& op, InputTypes inputs) {
  const VariableType& x = inputs[0];
  check_number(x, op.kType);
  normalize_axis(op.axis, x.shape.rank(), op.kType);
  const VariableType index{DType::kInt64, x.shape, {}};
  if (op.only_index) return {index};
  if (op.with_index) return {{x.dtype, x.shape, {}}, index};
  return {{x.dtype, x.shape, {}}};
}

OutputTensors forward(const Sort& op, InputTensors inputs, ForwardContext&) {
  const auto [values, index] = at::sort(inputs[0], /*stable=*/true, op.axis, op.reverse);
  if (op.only_index) return {index};
  if (op.with_index) return {values, index};
  return {values};
}

}  // namespace octet
