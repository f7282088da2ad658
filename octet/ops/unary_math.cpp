#include "octet/ops/unary_math.h"

#include <ATen/ATen.h>

#include "octet/quant/rounding.h"

namespace octet {
namespace {

at::Tensor sign(const at::Tensor& x, double at_zero) {
  return x.sign().masked_fill_(x.eq(0), at_zero);
}

}  // namespace

OutputTypes infer(const Identity&, InputTypes inputs) {
  return {inputs[0]};
}

OutputTensors forward(const Identity&, InputTensors inputs, ForwardContext&) {
  return {inputs[0]};
}

OutputTypes infer(const Abs&, InputTypes inputs) {
  return {{inputs[0].dtype, inputs[0].shape, {}}};
}

OutputTensors forward(const Abs&, InputTensors inputs, ForwardContext&) {
  return {inputs[0].abs()};
}

OutputTypes infer(const Neg&, InputTypes inputs) {
  return {{inputs[0].dtype, inputs[0].shape, {}}};
}

OutputTensors forward(const Neg&, InputTensors inputs, ForwardContext&) {
  return {inputs[0].neg()};
}

OCTET_FORWARD_UNARY(Exp, x.exp())
OCTET_FORWARD_UNARY(Log, x.log())
OCTET_FORWARD_UNARY(Sqrt, x.sqrt())
OCTET_FORWARD_UNARY(Reciprocal, x.reciprocal())
OCTET_FORWARD_UNARY(Erf, x.erf())
OCTET_FORWARD_UNARY(Sin, x.sin())
OCTET_FORWARD_UNARY(Cos, x.cos())
OCTET_FORWARD_UNARY(Tan, x.tan())
OCTET_FORWARD_UNARY(Sinh, x.sinh())
OCTET_FORWARD_UNARY(Cosh, x.cosh())
OCTET_FORWARD_UNARY(ASin, x.asin())
OCTET_FORWARD_UNARY(ACos, x.acos())
OCTET_FORWARD_UNARY(ATan, x.atan())
OCTET_FORWARD_UNARY(ASinh, x.asinh())
OCTET_FORWARD_UNARY(ACosh, x.acosh())
OCTET_FORWARD_UNARY(ATanh, x.atanh())

// detach(): what straight_through() takes for a value needs no tape of its own.
OCTET_FORWARD_UNARY(Ceil, straight_through(x, x.detach().ceil()))
OCTET_FORWARD_UNARY(Floor, straight_through(x, x.detach().floor()))
OCTET_FORWARD_UNARY(Sign, straight_through(x, sign(x.detach(), op.alpha)))

OutputTypes infer(const Round& op, InputTypes inputs) {
  parse_round_mode(op.round_mode);
  return infer_unary(inputs);
}

OutputTensors forward(const Round& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor x = as_float(inputs[0]);
  return {straight_through(x, round(x.detach(), parse_round_mode(op.round_mode)))};
}

}  // namespace octet
