#include "octet/ops/binary_arithmetic.h"

#include <ATen/ATen.h>

#include <numeric>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/index_checks.h"

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

// An integer divisor, ready for the processor, which traps on a division of the least integer by
// -1.
struct Divisor {
  at::Tensor is_minus_one;
  at::Tensor usable;  // with 1 in its place
};

Divisor checked_divisor(const at::Tensor& x, const std::string& where) {
  const at::Tensor zeros = x.flatten().eq(0).nonzero();
  if (zeros.numel() > 0) {
    throw_error(where, "the integer divisor at position {} is zero", zeros[0].item<int64_t>());
  }
  if (x.scalar_type() == at::kByte) return {at::zeros_like(x, at::kBool), x};  // has no -1
  const at::Tensor minus_one = x.eq(-1);
  return {minus_one, x.masked_fill(minus_one, 1)};
}

}  // namespace

OCTET_FORWARD_BINARY(Sub2, x0.sub(x1))
OCTET_FORWARD_BINARY(Mul2, x0.mul(x1))
OCTET_FORWARD_BINARY(BcAdd2, x0.add(x1))
OCTET_FORWARD_BINARY(Maximum2, choose_first(x0.gt(x1), x0, x1))
OCTET_FORWARD_BINARY(Minimum2, choose_first(x0.lt(x1), x0, x1))
OCTET_FORWARD_BINARY_FLOAT(Power2, at::pow(x0, x1))
OCTET_FORWARD_BINARY_FLOAT(ATan2, at::atan2(x0, x1))

OutputTypes infer(const Div2& op, InputTypes inputs) {
  if (!op.truncate) return infer_broadcast_float(op.kType, inputs);
  check_number(inputs[0], op.kType);
  OCTET_CHECK(!is_floating(inputs[0].dtype), op.kType, "truncate is for integers, got {}",
              to_string(inputs[0].dtype));
  return infer_broadcast(op.kType, inputs);
}

OutputTensors forward(const Div2& op, InputTensors inputs, ForwardContext& context) {
  if (!op.truncate) return {as_float(inputs[0]).div(as_float(inputs[1]))};
  const Divisor divisor = checked_divisor(inputs[1], location(context, op.kType));
  const at::Tensor quotient = at::div(inputs[0], divisor.usable, "trunc");
  return {at::where(divisor.is_minus_one, inputs[0].neg(), quotient)};
}

OutputTypes infer(const Mod2& op, InputTypes inputs) {
  check_number(inputs[0], op.kType);
  return infer_broadcast(op.kType, inputs);
}

OutputTensors forward(const Mod2& op, InputTensors inputs, ForwardContext& context) {
  if (inputs[0].is_floating_point()) return {at::fmod(inputs[0], inputs[1])};
  // What is divided by -1 has no remainder by 1 either.
  const at::Tensor x1 = checked_divisor(inputs[1], location(context, op.kType)).usable;
  return {op.fmod ? at::fmod(inputs[0], x1) : at::remainder(inputs[0], x1)};
}

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
