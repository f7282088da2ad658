#include "octet/ops/binary_arithmetic.h"

#include <ATen/ATen.h>

#include <numeric>

namespace octet {
namespace {

// at::maximum() would halve the gradient between equal elements.
at::Tensor choose_first(const at::Tensor& preferred, const at::Tensor& x0, const at::Tensor& x1) {
  return at::where(preferred.logical_or(x0.ne(x0)), x0, x1);
}

template <class Combine>
at::Tensor fold(InputTensors inputs, Combine combine) {
  return std::accumulate(inputs.begin() + 1, inputs.end(), inputs[0], combine);
}

}  // namespace

OCTET_FORWARD_BINARY(Sub2, x0.sub(x1))
OCTET_FORWARD_BINARY(Mul2, x0.mul(x1))
OCTET_FORWARD_BINARY(BcAdd2, x0.add(x1))
OCTET_FORWARD_BINARY(Maximum2, choose_first(x0.gt(x1), x0, x1))
OCTET_FORWARD_BINARY(Minimum2, choose_first(x0.lt(x1), x0, x1))
OCTET_FORWARD_BINARY(Mod2,
                     op.fmod || x0.is_floating_point() ? at::fmod(x0, x1) : at::remainder(x0, x1))
OCTET_FORWARD_BINARY_FLOAT(Div2, x0.div(x1))
OCTET_FORWARD_BINARY_FLOAT(Power2, at::pow(x0, x1))
OCTET_FORWARD_BINARY_FLOAT(ATan2, at::atan2(x0, x1))

OutputTypes infer(const AddN& op, InputTypes inputs) {
  return infer_broadcast(op.kType, inputs);
}

OutputTensors forward(const AddN&, InputTensors inputs, ForwardContext&) {
  return {fold(inputs, [](const at::Tensor& a, const at::Tensor& b) { return a + b; })};
}

OutputTypes infer(const MulN& op, InputTypes inputs) {
  return infer_broadcast(op.kType, inputs);
}

OutputTensors forward(const MulN&, InputTensors inputs, ForwardContext&) {
  return {fold(inputs, [](const at::Tensor& a, const at::Tensor& b) { return a * b; })};
}

}  // namespace octet
