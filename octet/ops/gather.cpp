#include "octet/ops/gather.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/index_checks.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

// x[:axis] + indices[batch_dims:] + x[axis + 1:]
Shape gathered_shape(const Shape& x, const Shape& indices, int64_t axis, int64_t batch_dims) {
  Shape y(std::vector<int64_t>(x.begin(), x.begin() + axis));
  y.insert(y.end(), indices.begin() + batch_dims, indices.end());
  y.insert(y.end(), x.begin() + axis + 1, x.end());
  return y;
}

// indices[1:] + x[batch_dims + m:]
Shape gathered_nd_shape(const Shape& x, const Shape& indices, int64_t batch_dims) {
  Shape y(std::vector<int64_t>(indices.begin() + 1, indices.end()));
  y.insert(y.end(), x.begin() + batch_dims + indices[0], x.end());
  return y;
}

bool extent_within(int64_t a, int64_t b) {
  return a <= b || a == kFreeDim || b == kFreeDim;
}

Shape sizes_of(const at::Tensor& x) {
  return Shape(x.sizes().vec());
}

}  // namespace

OutputTypes infer(const Gather& op, InputTypes inputs) {
  const Shape& x = inputs[0].shape;
  const Shape& indices = inputs[1].shape;
  const int64_t axis = normalize_axis(op.axis, x.rank(), op.kType);
  OCTET_CHECK(op.batch_dims >= 0 && op.batch_dims <= axis && op.batch_dims <= indices.rank(),
              op.kType, "batch_dims {} must be between 0 and axis {}, and at most the rank of {}",
              op.batch_dims, op.axis, to_string(indices));
  for (int64_t i = 0; i < op.batch_dims; ++i) {
    OCTET_CHECK(extents_agree(x[i], indices[i]), op.kType,
                "{} and indices {} differ in the first {} dimensions", to_string(x),
                to_string(indices), op.batch_dims);
  }
  return {{inputs[0].dtype, gathered_shape(x, indices, axis, op.batch_dims), {}}};
}

OutputTensors forward(const Gather& op, InputTensors inputs, ForwardContext& context) {
  const at::Tensor& x = inputs[0];
  const Shape shape = sizes_of(x);
  const int64_t axis = normalize_axis(op.axis, x.dim(), op.kType);
  const at::Tensor indices = checked_indices(inputs[1], x.size(axis), location(context, op.kType));
  const Shape y_shape = gathered_shape(shape, sizes_of(indices), axis, op.batch_dims);
  if (op.batch_dims == 0) {
    return {x.index_select(axis, indices.flatten()).reshape(y_shape)};
  }
  const int64_t batch = shape.num_elements(0, op.batch_dims);
  const int64_t outer = shape.num_elements(op.batch_dims, axis);
  const int64_t inner = shape.num_elements(axis + 1, shape.rank());
  const int64_t count = sizes_of(indices).num_elements(op.batch_dims, indices.dim());
  const at::Tensor positions =
      indices.reshape({batch, 1, count, 1}).expand({batch, outer, count, inner});
  return {x.reshape({batch, outer, shape[axis], inner}).gather(2, positions).reshape(y_shape)};
}

OutputTypes infer(const GatherNd& op, InputTypes inputs) {
  const Shape& x = inputs[0].shape;
  const Shape& indices = inputs[1].shape;
  OCTET_CHECK(op.batch_dims >= 0 && op.batch_dims < x.rank() && op.batch_dims < indices.rank(),
              op.kType, "batch_dims {} must be below the ranks of {} and indices {}", op.batch_dims,
              to_string(x), to_string(indices));
  OCTET_CHECK(indices[0] >= 1 && indices[0] <= x.rank() - op.batch_dims, op.kType,
              "the first extent of indices {} must be from 1 to {} for an input of {}",
              to_string(indices), x.rank() - op.batch_dims, to_string(x));
  for (int64_t i = 0; i < op.batch_dims; ++i) {
    OCTET_CHECK(extents_agree(x[i], indices[1 + i]), op.kType,
                "{} and indices {} behind their first dimension differ in the first {} dimensions",
                to_string(x), to_string(indices), op.batch_dims);
  }
  return {{inputs[0].dtype, gathered_nd_shape(x, indices, op.batch_dims), {}}};
}

OutputTensors forward(const GatherNd& op, InputTensors inputs, ForwardContext& context) {
  const at::Tensor& x = inputs[0];
  const at::Tensor& indices = inputs[1];
  const Shape shape = sizes_of(x);
  const int64_t coordinates = indices.size(0);
  const int64_t batch = shape.num_elements(0, op.batch_dims);
  const int64_t count = sizes_of(indices).num_elements(1 + op.batch_dims, indices.dim());
  at::Tensor position = at::arange(batch, indices.options().dtype(at::kLong)).unsqueeze(1);
  for (int64_t i = 0; i < coordinates; ++i) {
    const int64_t extent = x.size(op.batch_dims + i);
    const at::Tensor index =
        checked_indices(indices.select(0, i), extent, location(context, op.kType));
    position = position * extent + index.reshape({batch, count});
  }
  const at::Tensor taken =
      x.flatten(0, op.batch_dims + coordinates - 1).index_select(0, position.flatten());
  return {taken.reshape(gathered_nd_shape(shape, sizes_of(indices), op.batch_dims))};
}

OutputTypes infer(const GatherElements& op, InputTypes inputs) {
  const Shape& x = inputs[0].shape;
  const Shape& indices = inputs[1].shape;
  const int64_t axis = normalize_axis(op.axis, x.rank(), op.kType);
  bool fits = indices.rank() == x.rank();
  for (int64_t i = 0; fits && i < x.rank(); ++i) {
    fits = i == axis || extent_within(indices[i], x[i]);
  }
  OCTET_CHECK(fits, op.kType, "indices {} do not fit into {} outside of axis {}",
              to_string(indices), to_string(x), axis);
  return {{inputs[0].dtype, indices, {}}};
}

OutputTensors forward(const GatherElements& op, InputTensors inputs, ForwardContext& context) {
  const at::Tensor& x = inputs[0];
  return {
      x.gather(op.axis, checked_indices(inputs[1], x.size(op.axis), location(context, op.kType)))};
}

OutputTypes infer(const ScatterAdd& op, InputTypes inputs) {
  const Shape& x0 = inputs[0].shape;
  const Shape& indices = inputs[1].shape;
  const Shape& x1 = inputs[2].shape;
  const int64_t axis = normalize_axis(op.axis, x0.rank(), op.kType);
  bool fits = indices.rank() == x0.rank() && x1.rank() == x0.rank();
  for (int64_t i = 0; fits && i < x0.rank(); ++i) {
    fits = extent_within(indices[i], x1[i]) && (i == axis || extent_within(indices[i], x0[i]));
  }
  OCTET_CHECK(fits, op.kType, "indices {} do not fit into {}, or into {} outside of axis {}",
              to_string(indices), to_string(x1), to_string(x0), axis);
  OCTET_CHECK(inputs[2].dtype == inputs[0].dtype, op.kType, "cannot add {} to {}",
              to_string(inputs[2].dtype), to_string(inputs[0].dtype));
  return {{inputs[0].dtype, x0, {}}};
}

OutputTensors forward(const ScatterAdd& op, InputTensors inputs, ForwardContext& context) {
  const at::Tensor& x0 = inputs[0];
  const at::Tensor indices =
      checked_indices(inputs[1], x0.size(op.axis), location(context, op.kType));
  at::Tensor x1 = inputs[2];
  for (int64_t i = 0; i < x1.dim(); ++i) x1 = x1.narrow(i, 0, indices.size(i));
  return {x0.scatter_add(op.axis, indices, x1)};
}

}  // namespace octet
