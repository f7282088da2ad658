#include "octet/ops/scatter.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/index_checks.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

// Octet's names and ATen's.
struct ReductionRow {
  std::string_view name;
  std::string_view reduce;  // empty: the written value stays
};
constexpr std::array kReductions{ReductionRow{"none", ""}, ReductionRow{"add", "sum"},
                                 ReductionRow{"mul", "prod"}, ReductionRow{"max", "amax"},
                                 ReductionRow{"min", "amin"}};

std::string_view reduce_of(std::string_view type, const std::string& reduction) {
  for (const ReductionRow& row : kReductions) {
    if (row.name == reduction) return row.reduce;
  }
  throw_error(type, "reduction '{}' is not one of none, add, mul, max, min", reduction);
}

std::string_view reduce_of(const ScatterNd& op) {
  return op.add ? "sum" : reduce_of(op.kType, op.reduction);
}

void check_updates(std::string_view type, const VariableType& updates, DType written,
                   const Shape& expected) {
  bool fits = updates.shape.rank() == expected.rank();
  for (int64_t i = 0; fits && i < expected.rank(); ++i) {
    fits = extents_agree(updates.shape[i], expected[i]);
  }
  OCTET_CHECK(fits, type, "updates {} must be {}", to_string(updates.shape), to_string(expected));
  OCTET_CHECK(updates.dtype == written, type, "cannot write {} into {}", to_string(updates.dtype),
              to_string(written));
}

at::Tensor scattered(const at::Tensor& x, int64_t axis, const at::Tensor& index,
                     const at::Tensor& updates, std::string_view reduce) {
  if (reduce.empty()) return x.scatter(axis, index, updates);
  if (reduce == "sum") return x.scatter_add(axis, index, updates);
  return x.scatter_reduce(axis, index, updates, c10::string_view(reduce.data(), reduce.size()));
}

Shape shape_of(const ScatterNd& op, InputTypes inputs) {
  if (inputs.size() > 2) return inputs[2].shape;
  OCTET_CHECK(!op.shape.empty() &&
                  std::all_of(op.shape.begin(), op.shape.end(), [](int64_t n) { return n >= 0; }),
              op.kType, "shape {} must say the output's extents, or an input its first values",
              to_string(Shape(op.shape)));
  return op.shape;
}

}  // namespace

OutputTypes infer(const ScatterElements& op, InputTypes inputs) {
  const Shape& x = inputs[0].shape;
  const Shape& indices = inputs[1].shape;
  reduce_of(op.kType, op.reduction);
  const int64_t axis = normalize_axis(op.axis, x.rank(), op.kType);
  bool fits = indices.rank() == x.rank();
  for (int64_t i = 0; fits && i < x.rank(); ++i) {
    fits = i == axis || indices[i] <= x[i] || x[i] == kFreeDim;
  }
  OCTET_CHECK(fits, op.kType, "indices {} do not fit into {} outside of axis {}",
              to_string(indices), to_string(x), axis);
  check_updates(op.kType, inputs[2], inputs[0].dtype, indices);
  return {{inputs[0].dtype, x, {}}};
}

OutputTensors forward(const ScatterElements& op, InputTensors inputs, ForwardContext& context) {
  const at::Tensor& x = inputs[0];
  const at::Tensor index = checked_indices(inputs[1], x.size(op.axis), location(context, op.kType));
  return {scattered(x, op.axis, index, inputs[2], reduce_of(op.kType, op.reduction))};
}

OutputTypes infer(const ScatterNd& op, InputTypes inputs) {
  const Shape& indices = inputs[1].shape;
  const Shape y = shape_of(op, inputs);
  reduce_of(op);
  OCTET_CHECK(indices.rank() >= 1 && indices[0] >= 1 && indices[0] <= y.rank(), op.kType,
              "the first extent of indices {} must be from 1 to {} for an output of {}",
              to_string(indices), y.rank(), to_string(y));
  Shape expected(std::vector<int64_t>(indices.begin() + 1, indices.end()));
  expected.insert(expected.end(), y.begin() + indices[0], y.end());
  check_updates(op.kType, inputs[0], inputs.size() > 2 ? inputs[2].dtype : inputs[0].dtype,
                expected);
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const ScatterNd& op, InputTensors inputs, ForwardContext& context) {
  const at::Tensor& updates = inputs[0];
  const at::Tensor& indices = inputs[1];
  const at::Tensor out = inputs.size() > 2 ? inputs[2] : at::zeros(op.shape, updates.options());
  at::Tensor position = at::zeros({}, indices.options().dtype(at::kLong));
  for (int64_t i = 0; i < indices.size(0); ++i) {
    const at::Tensor index =
        checked_indices(indices.select(0, i), out.size(i), location(context, op.kType));
    position = position * out.size(i) + index;
  }
  // One row for each position.
  const at::Tensor rows = out.flatten(0, indices.size(0) - 1);
  Shape written(rows.sizes().vec());
  written[0] = position.numel();
  Shape along(written.size(), 1);
  along[0] = position.numel();
  const at::Tensor index = position.reshape(along).expand(written);
  return {scattered(rows, 0, index, updates.reshape(written), reduce_of(op)).reshape(out.sizes())};
}

}  // namespace octet
