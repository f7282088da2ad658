#include "octet/ops/broadcast.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

// The first dimension of x that y stands at.
int64_t first_dimension(const BroadcastTo& op, int64_t x_rank, int64_t y_rank) {
  return op.axis < 0 ? x_rank - y_rank : op.axis;
}

}  // namespace

OutputTypes infer(const Broadcast& op, InputTypes inputs) {
  const Shape& x = inputs[0].shape;
  Shape y = op.shape;
  const int64_t added = y.rank() - x.rank();
  bool fits = added >= 0;
  for (int64_t i = 0; fits && i < y.rank(); ++i) {
    const int64_t extent = i < added ? 1 : x[i - added];
    fits = y[i] == -1 ? i >= added : y[i] >= 0 && (extents_agree(extent, y[i]) || extent == 1);
    if (y[i] == -1) y[i] = extent;
  }
  OCTET_CHECK(fits, op.kType, "{} does not broadcast to {}", to_string(x), to_string(op.shape));
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const Broadcast& op, InputTensors inputs, ForwardContext&) {
  return {inputs[0].expand(op.shape)};
}

OutputTypes infer(const BroadcastTo& op, InputTypes inputs) {
  const Shape& x = inputs[0].shape;
  const Shape& y = inputs[1].shape;
  const int64_t first = first_dimension(op, x.rank(), y.rank());
  bool fits = first >= 0 && first + y.rank() <= x.rank();
  for (int64_t i = 0; fits && i < y.rank(); ++i) {
    fits = extents_agree(x[first + i], y[i]) || y[i] == 1;
  }
  OCTET_CHECK(fits, op.kType, "{} does not fit into {} at axis {}", to_string(y), to_string(x),
              op.axis);
  return {{inputs[1].dtype, x, {}}};
}

OutputTensors forward(const BroadcastTo& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor& x = inputs[0];
  at::Tensor y = inputs[1];
  const int64_t after = x.dim() - y.dim() - first_dimension(op, x.dim(), y.dim());
  for (int64_t i = 0; i < after; ++i) y = y.unsqueeze(-1);
  return {y.expand(x.sizes())};
}

OutputTypes infer(const Tile& op, InputTypes inputs) {
  Shape y = inputs[0].shape;
  const int64_t added = std::max<int64_t>(static_cast<int64_t>(op.reps.size()) - y.rank(), 0);
  y.insert(y.begin(), static_cast<size_t>(added), 1);
  const size_t first = y.size() - op.reps.size();
  for (size_t i = 0; i < op.reps.size(); ++i) {
    OCTET_CHECK(op.reps[i] >= 1, op.kType, "reps [{}] must be positive", fmt::join(op.reps, ", "));
    if (y[first + i] != kFreeDim) y[first + i] *= op.reps[i];
  }
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const Tile& op, InputTensors inputs, ForwardContext&) {
  return {at::tile(inputs[0], op.reps)};
}

}  // namespace octet
