#include "octet/ops/slice.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

struct Range {
  int64_t first = 0;
  int64_t count = 0;
  int64_t step = 1;
};

int64_t clamped_position(int64_t position, int64_t extent, int64_t low, int64_t high) {
  return std::clamp(position < 0 ? position + extent : position, low, high);
}

Range resolve(int64_t start, int64_t stop, int64_t step, int64_t extent) {
  if (step == kSliceEnd) step = 1;
  if (step > 0) {
    const int64_t first = start == kSliceEnd ? 0 : clamped_position(start, extent, 0, extent);
    const int64_t last = stop == kSliceEnd ? extent : clamped_position(stop, extent, 0, extent);
    return {first, last > first ? (last - first - 1) / step + 1 : 0, step};
  }
  const int64_t end = extent - 1;
  step = std::max(step, -std::numeric_limits<int64_t>::max());
  const int64_t first = start == kSliceEnd ? end : clamped_position(start, extent, -1, end);
  const int64_t last = stop == kSliceEnd ? -1 : clamped_position(stop, extent, -1, end);
  return {first, first > last ? (first - last - 1) / -step + 1 : 0, step};
}

at::Tensor sliced(const at::Tensor& x, int64_t dim, const Range& range) {
  if (range.count == 0) return x.narrow(dim, 0, 0);
  const int64_t last = range.first + (range.count - 1) * range.step;
  if (range.step > 0) return x.slice(dim, range.first, last + 1, range.step);
  return x.slice(dim, last, range.first + 1, -range.step).flip(dim);
}

}  // namespace

OutputTypes infer(const Slice& op, InputTypes inputs) {
  Shape y = inputs[0].shape;
  const size_t count = op.start.size();
  OCTET_CHECK(
      op.stop.size() == count && op.step.size() == count && static_cast<int64_t>(count) <= y.rank(),
      op.kType,
      "start [{}], stop [{}] and step [{}] must be equally long, at most one value for "
      "each dimension of {}",
      fmt::join(op.start, ", "), fmt::join(op.stop, ", "), fmt::join(op.step, ", "), to_string(y));
  for (size_t i = 0; i < count; ++i) {
    OCTET_CHECK(op.step[i] != 0, op.kType, "step [{}] must not be 0", fmt::join(op.step, ", "));
    int64_t& extent = y[y.size() - count + i];
    if (extent == kFreeDim) continue;
    extent = resolve(op.start[i], op.stop[i], op.step[i], extent).count;
  }
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const Slice& op, InputTensors inputs, ForwardContext&) {
  at::Tensor y = inputs[0];
  const int64_t first_dim = y.dim() - static_cast<int64_t>(op.start.size());
  for (size_t i = 0; i < op.start.size(); ++i) {
    const int64_t dim = first_dim + static_cast<int64_t>(i);
    y = sliced(y, dim, resolve(op.start[i], op.stop[i], op.step[i], y.size(dim)));
  }
  return {y};
}

}  // namespace octet
