#include "octet/ops/shift.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/border.h"
#include "octet/ops/op_types.h"

namespace octet {

OutputTypes infer(const Shift& op, InputTypes inputs) {
  const Shape& x = inputs[0].shape;
  OCTET_CHECK(op.border_mode == "nearest" || op.border_mode == "reflect", op.kType,
              "border_mode '{}' is not one of nearest, reflect", op.border_mode);
  OCTET_CHECK(op.shifts.size() <= x.size(), op.kType,
              "shifts [{}] are more than the {} dimensions of {}", fmt::join(op.shifts, ", "),
              x.rank(), to_string(x));
  return {{inputs[0].dtype, x, {}}};
}

OutputTensors forward(const Shift& op, InputTensors inputs, ForwardContext&) {
  at::Tensor y = inputs[0];
  if (y.numel() == 0) return {y};
  const Border border = op.border_mode == "reflect" ? Border::kSymmetric : Border::kRepeat;
  const int64_t count = static_cast<int64_t>(op.shifts.size());
  for (int64_t i = 0; i < count; ++i) {
    if (op.shifts[i] == 0) continue;
    const int64_t dim = y.dim() - count + i;
    y = take_with_border(y, dim, -op.shifts[i], y.size(dim), border);
  }
  return {y};
}

}  // namespace octet
