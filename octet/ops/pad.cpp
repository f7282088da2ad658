#include "octet/ops/pad.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/border.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

at::Tensor constant_padded(const Pad& op, const at::Tensor& x) {
  IntList last_dimension_first;
  for (size_t i = op.pad_width.size(); i > 0; i -= 2) {
    last_dimension_first.push_back(op.pad_width[i - 2]);
    last_dimension_first.push_back(op.pad_width[i - 1]);
  }
  return at::constant_pad_nd(x, last_dimension_first, op.constant_value);
}

}  // namespace

OutputTypes infer(const Pad& op, InputTypes inputs) {
  Shape y = inputs[0].shape;
  OCTET_CHECK(op.mode == "constant" || op.mode == "reflect" || op.mode == "repeat", op.kType,
              "mode '{}' is not one of constant, reflect, repeat", op.mode);
  OCTET_CHECK(op.pad_width.size() % 2 == 0 && op.pad_width.size() <= 2 * y.size(), op.kType,
              "pad_width [{}] must be (before, after) pairs for at most the {} dimensions of {}",
              fmt::join(op.pad_width, ", "), y.rank(), to_string(y));
  const size_t first_dim = y.size() - op.pad_width.size() / 2;
  for (size_t i = 0; i < op.pad_width.size(); i += 2) {
    const int64_t before = op.pad_width[i];
    const int64_t after = op.pad_width[i + 1];
    OCTET_CHECK(before >= 0 && after >= 0, op.kType, "pad_width [{}] must not be negative",
                fmt::join(op.pad_width, ", "));
    int64_t& extent = y[first_dim + i / 2];
    if (extent == kFreeDim) continue;
    OCTET_CHECK(extent > 0 || op.mode == "constant", op.kType,
                "an empty dimension of {} has no border to {}", to_string(inputs[0].shape),
                op.mode);
    extent += before + after;
  }
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const Pad& op, InputTensors inputs, ForwardContext&) {
  if (op.mode == "constant") return {constant_padded(op, inputs[0])};
  const Border border = op.mode == "reflect" ? Border::kReflect : Border::kRepeat;
  at::Tensor y = inputs[0];
  const int64_t pairs = static_cast<int64_t>(op.pad_width.size()) / 2;
  for (int64_t i = 0; i < pairs; ++i) {
    const int64_t dim = y.dim() - pairs + i;
    const int64_t before = op.pad_width[2 * i];
    const int64_t after = op.pad_width[2 * i + 1];
    if (before + after == 0) continue;
    y = take_with_border(y, dim, -before, y.size(dim) + before + after, border);
  }
  return {y};
}

}  // namespace octet
