#include "octet/ops/batch_statistics.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/shape_checks.h"

namespace octet {
namespace {

// A running statistic as the vector that ATen updates; it shares the parameter's memory.
at::Tensor running(const at::Tensor& statistic) {
  return statistic.defined() ? statistic.detach().view({-1}) : at::Tensor();
}

at::Tensor per_channel(const at::Tensor& parameter) {
  return parameter.defined() ? parameter.reshape({-1}) : at::Tensor();
}

at::Tensor normalize_second_dim(const at::Tensor& x, const BatchNormArguments& a) {
  return at::batch_norm(x, per_channel(a.gamma), per_channel(a.beta), running(a.mean),
                        running(a.variance), a.batch_stat, /*momentum=*/1.0 - a.decay_rate, a.eps,
                        /*cudnn_enabled=*/true);
}

// Permutes the channel axes to the end, merges them there and undoes both afterwards.
at::Tensor normalize_any_axes(const at::Tensor& x, const IntList& axes,
                              const BatchNormArguments& a) {
  IntList order = other_axes(axes, x.dim());
  order.insert(order.end(), axes.begin(), axes.end());
  IntList inverse(order.size());
  for (size_t i = 0; i < order.size(); ++i) inverse[order[i]] = static_cast<int64_t>(i);
  const at::Tensor permuted = x.permute(order);
  int64_t channels = 1;
  for (const int64_t axis : axes) channels *= x.size(axis);
  const at::Tensor y = normalize_second_dim(permuted.reshape({-1, channels}), a);
  return y.reshape(permuted.sizes()).permute(inverse);
}

}  // namespace

void check_batch_normalization(std::string_view type, const IntList& axes, InputTypes inputs,
                               size_t num_parameters) {
  const Shape& x = inputs[0].shape;
  const IntList normalized = named_axes(type, axes, x.rank());
  OCTET_CHECK(!normalized.empty(), type, "axes must name at least one dimension");
  Shape expected(static_cast<size_t>(x.rank()), 1);
  for (const int64_t axis : normalized) {
    OCTET_CHECK(x[axis] != kFreeDim, type, "axis {} of input {} must not be free", axis,
                to_string(x));
    expected[axis] = x[axis];
  }
  for (size_t i = 1; i < inputs.size() && i <= num_parameters; ++i) {
    OCTET_CHECK(inputs[i].shape == expected, type, "parameter {} of input {} is {}, must be {}", i,
                to_string(x), to_string(inputs[i].shape), to_string(expected));
  }
}

at::Tensor batch_normalize(const at::Tensor& x, const BatchNormArguments& a,
                           const ForwardContext& context) {
  const IntList axes = named_axes(context.where, a.axes, x.dim());
  int64_t channels = 1;
  for (const int64_t axis : axes) channels *= x.size(axis);
  OCTET_CHECK(!a.batch_stat || x.numel() > channels, context.where,
              "batch statistics need more than one value per channel; the input is {}",
              to_string(Shape(x.sizes().vec())));
  if (axes.size() == 1 && x.dim() >= 2) {
    if (axes[0] == 1) return normalize_second_dim(x, a);
    if (axes[0] == x.dim() - 1) return normalize_second_dim(x.movedim(-1, 1), a).movedim(1, -1);
  }
  return normalize_any_axes(x, axes, a);
}

}  // namespace octet
