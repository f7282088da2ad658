#include "octet/ops/clip_grad.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "octet/base/error.h"
#include "octet/ops/elementwise.h"

namespace octet {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class ClipByValue : public torch::autograd::Function<ClipByValue> {
 public:
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& min,
                            const at::Tensor& max) {
    ctx->save_for_backward({min, max});
    return x.view_as(x);
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    const variable_list saved = ctx->get_saved_variables();
    return {at::minimum(at::maximum(gradients[0], saved[0]), saved[1]), at::Tensor(), at::Tensor()};
  }
};

class ClipByNorm : public torch::autograd::Function<ClipByNorm> {
 public:
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, double clip_norm,
                            const IntList& axes) {
    ctx->saved_data["clip_norm"] = clip_norm;
    ctx->saved_data["axes"] = axes;
    return x.view_as(x);
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    const at::Tensor& dy = gradients[0];
    const double clip_norm = ctx->saved_data["clip_norm"].toDouble();
    const IntList axes = ctx->saved_data["axes"].toIntVector();
    const at::Tensor norm = dy.square().sum(axes, /*keepdim=*/true).sqrt();
    const at::Tensor scaled = dy * clip_norm / norm.masked_fill(norm.eq(0), 1);
    return {scaled, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

OutputTypes infer(const ClipGradByValue& op, InputTypes inputs) {
  const VariableType& x = inputs[0];
  for (size_t i = 1; i < 3; ++i) {
    OCTET_CHECK(broadcast_shapes(x.shape, inputs[i].shape, op.kType) == x.shape, op.kType,
                "{} {} is larger than x {}", op.kInputs[i].name, to_string(inputs[i].shape),
                to_string(x.shape));
  }
  return {{x.dtype, x.shape, {}}};
}

OutputTensors forward(const ClipGradByValue&, InputTensors inputs, ForwardContext&) {
  return {ClipByValue::apply(inputs[0], inputs[1], inputs[2])};
}

OutputTypes infer(const ClipGradByNorm& op, InputTypes inputs) {
  OCTET_CHECK(op.clip_norm > 0, op.kType, "clip_norm {} is not above zero", op.clip_norm);
  for (const int64_t axis : op.axes) normalize_axis(axis, inputs[0].shape.rank(), op.kType);
  return {{inputs[0].dtype, inputs[0].shape, {}}};
}

OutputTensors forward(const ClipGradByNorm& op, InputTensors inputs, ForwardContext&) {
  return {ClipByNorm::apply(inputs[0], op.clip_norm, op.axes)};
}

}  // namespace octet
