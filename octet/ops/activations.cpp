#include "octet/ops/activations.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"

namespace octet {
namespace {

// Beyond this, log(1 + e^x) equals x in double precision too.
constexpr double kSoftPlusLinear = 40;

at::Tensor unnormalized_sinc(const at::Tensor& x) {
  const at::Tensor zero = x.eq(0);
  return at::where(zero, at::ones({}, x.options()), x.sin() / x.masked_fill(zero, 1));
}

OutputTypes infer_doubled(std::string_view type, int64_t axis, InputTypes inputs) {
  OutputTypes types = infer_unary(inputs);
  int64_t& extent = types[0].shape[normalize_axis(axis, inputs[0].shape.rank(), type)];
  extent = extent == kFreeDim ? kFreeDim : 2 * extent;
  return types;
}

}  // namespace

OCTET_FORWARD_UNARY(ReLU6, at::hardtanh(x, 0, 6))
OCTET_FORWARD_UNARY(GELU, at::gelu(x, "tanh"))
OCTET_FORWARD_UNARY(Mish, at::mish(x))
OCTET_FORWARD_UNARY(Sigmoid, at::sigmoid(x))
OCTET_FORWARD_UNARY(Tanh, at::tanh(x))
OCTET_FORWARD_UNARY(Swish, at::silu(x))
OCTET_FORWARD_UNARY(HardSigmoid, at::clamp(x * 0.2 + 0.5, 0, 1))
OCTET_FORWARD_UNARY(HardSwish, at::hardswish(x))
OCTET_FORWARD_UNARY(HardTanh, at::clamp(x, -1, 1))
OCTET_FORWARD_UNARY(LogSigmoid, at::log_sigmoid(x))
OCTET_FORWARD_UNARY(SoftSign, x / (x.abs() + 1))
OCTET_FORWARD_UNARY(TanhShrink, x - x.tanh())
OCTET_FORWARD_UNARY(Sinc, unnormalized_sinc(x))
OCTET_FORWARD_UNARY(LeakyReLU, at::leaky_relu(x, op.alpha))
OCTET_FORWARD_UNARY(ELU, at::elu(x, op.alpha))
OCTET_FORWARD_UNARY(SELU, at::elu(x, op.alpha, op.scale))

OutputTypes infer(const CReLU& op, InputTypes inputs) {
  return infer_doubled(op.kType, op.axis, inputs);
}

OutputTensors forward(const CReLU& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor x = as_float(inputs[0]);
  return {at::cat({x, -x}, op.axis).relu()};
}

OutputTypes infer(const CELU& op, InputTypes inputs) {
  return infer_doubled(op.kType, op.axis, inputs);
}

OutputTensors forward(const CELU& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor x = as_float(inputs[0]);
  return {at::elu(at::cat({x, -x}, op.axis), op.alpha)};
}

OutputTypes infer(const SoftPlus& op, InputTypes inputs) {
  OCTET_CHECK(op.beta > 0, op.kType, "beta {} is not above zero", op.beta);
  return infer_unary(inputs);
}

OutputTensors forward(const SoftPlus& op, InputTensors inputs, ForwardContext&) {
  return {at::softplus(as_float(inputs[0]), op.beta, kSoftPlusLinear)};
}

OutputTypes infer(const Clip& op, InputTypes inputs) {
  OCTET_CHECK(op.min <= op.max, op.kType, "min {} is above max {}", op.min, op.max);
  return infer_unary(inputs);
}

OutputTensors forward(const Clip& op, InputTensors inputs, ForwardContext&) {
  return {at::clamp(as_float(inputs[0]), op.min, op.max)};
}

}  // namespace octet
