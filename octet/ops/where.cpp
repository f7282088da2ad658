#include "octet/ops/where.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/elementwise.h"

namespace octet {
namespace {

bool same_extent(int64_t a, int64_t b) {
  return a == b || a == kFreeDim || b == kFreeDim;
}

bool is_prefix(const Shape& head, const Shape& shape) {
  bool fits = head.rank() <= shape.rank();
  for (int64_t i = 0; fits && i < head.rank(); ++i) fits = same_extent(head[i], shape[i]);
  return fits;
}

}  // namespace

OutputTypes infer(const Where& op, InputTypes inputs) {
  const Shape& condition = inputs[0].shape;
  const Shape& x_true = inputs[1].shape;
  const Shape& x_false = inputs[2].shape;
  OutputTypes types = infer_broadcast(op.kType, inputs.subspan(1));
  if (op.broadcast) {
    types[0].shape = broadcast_shapes(condition, types[0].shape, op.kType);
    return types;
  }
  OCTET_CHECK(x_true.rank() == x_false.rank() && is_prefix(x_true, x_false), op.kType,
              "x_true {} and x_false {} must have the same shape", to_string(x_true),
              to_string(x_false));
  OCTET_CHECK(is_prefix(condition, x_true), op.kType,
              "condition {} must have the first dimensions of x_true {}", to_string(condition),
              to_string(x_true));
  return types;
}

OutputTensors forward(const Where& op, InputTensors inputs, ForwardContext&) {
  at::Tensor condition = inputs[0].ne(0);
  if (!op.broadcast) {
    // Trailing dimensions of 1 make the prefix broadcast.
    Shape shape(condition.sizes().vec());
    shape.resize(static_cast<size_t>(inputs[1].dim()), 1);
    condition = condition.reshape(shape);
  }
  return {at::where(condition, inputs[1], inputs[2])};
}

}  // namespace octet
