#include "octet/ops/weight_normalization.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"
#include "octet/ops/shape_checks.h"
#include "octet/ops/standardize.h"

namespace octet {
namespace {

// A vector along dimension `dim` of a tensor of that rank.
at::Tensor along(const at::Tensor& vector, int64_t dim, int64_t rank) {
  Shape shape(static_cast<size_t>(rank), 1);
  shape[dim] = vector.numel();
  return vector.reshape(shape);
}

at::Tensor unit(const at::Tensor& vector, double eps) {
  return vector / (vector.square().sum() + eps).sqrt();
}

}  // namespace

OutputTypes infer(const WeightNormalization& op, InputTypes inputs) {
  const Shape& w = inputs[0].shape;
  const int64_t dim = normalize_axis(op.dim, w.rank(), op.kType);
  check_shape(op.kType, "g", inputs[1].shape, {w[dim]});
  return {{inputs[0].dtype, w, {}}};
}

OutputTensors forward(const WeightNormalization& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor& w = inputs[0];
  const int64_t dim = normalize_axis(op.dim, w.dim(), op.kType);
  const at::Tensor squares = w.movedim(dim, 0).reshape({w.size(dim), -1}).square().sum(1);
  return {w * along(inputs[1] * (squares + op.eps).rsqrt(), dim, w.dim())};
}

OutputTypes infer(const WeightStandardization& op, InputTypes inputs) {
  normalize_axis(op.channel_axis, inputs[0].shape.rank(), op.kType);
  return {{inputs[0].dtype, inputs[0].shape, {}}};
}

OutputTensors forward(const WeightStandardization& op, InputTensors inputs, ForwardContext&) {
  const int64_t axis = normalize_axis(op.channel_axis, inputs[0].dim(), op.kType);
  return {standardize(inputs[0], {axis}, op.eps)};
}

OutputTypes infer(const SpectralNorm& op, InputTypes inputs) {
  const Shape& w = inputs[0].shape;
  const int64_t dim = normalize_axis(op.dim, w.rank(), op.kType);
  OCTET_CHECK(op.itr >= 1, op.kType, "itr {} must be at least 1", op.itr);
  check_shape(op.kType, "u", inputs[1].shape, {w[dim]});
  OutputTypes outputs = {{inputs[0].dtype, w, {}}};
  if (op.output_u) outputs.push_back({inputs[1].dtype, inputs[1].shape, {}});
  return outputs;
}

OutputTensors forward(const SpectralNorm& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor& w = inputs[0];
  const int64_t dim = normalize_axis(op.dim, w.dim(), op.kType);
  const at::Tensor matrix = w.movedim(dim, 0).reshape({w.size(dim), -1});
  at::Tensor u;
  at::Tensor v;
  {
    const at::NoGradGuard no_grad;
    u = inputs[1].detach().clone();
    for (int64_t i = 0; i < op.itr; ++i) {
      v = unit(at::mv(matrix.t(), u), op.eps);
      u = unit(at::mv(matrix, v), op.eps);
    }
    if (!op.test) inputs[1].detach().copy_(u);
  }
  OutputTensors outputs = {w / at::dot(u, at::mv(matrix, v))};
  if (op.output_u) outputs.push_back(u);
  return outputs;
}

}  // namespace octet
