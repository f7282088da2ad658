#include "octet/ops/quantized_arithmetic.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/concatenate.h"
#include "octet/ops/op_types.h"
#include "octet/quant/fake_quantize.h"
#include "octet/quant/finite.h"

namespace octet {

OutputTypes infer(const Concatenate& op, InputTypes inputs);

namespace {

constexpr size_t kOperandInputs = 3;  // x, scale, zero_point

// One value serves a tensor of any rank.
at::Tensor qparam(const at::Tensor& value) {
  return value.numel() == 1 ? value.detach().reshape({}) : value.detach();
}

at::Tensor operand(InputTensors inputs, size_t first) {
  return dequantize_linear(inputs[first], qparam(inputs[first + 1]), qparam(inputs[first + 2]));
}

// The scale and the zero point of an operand that may have channels fit its shape.
void check_operand(std::string_view type, InputTypes inputs, size_t first) {
  for (size_t i = first + 1; i < first + kOperandInputs; ++i) {
    const Shape& given = inputs[i].shape;
    if (given.num_elements() == 1) continue;
    const Shape joint = broadcast_shapes(inputs[first].shape, given, type);
    OCTET_CHECK(joint == inputs[first].shape, type, "{} {} is larger than its value {}",
                i == first + 1 ? "scale" : "zero_point", to_string(given),
                to_string(inputs[first].shape));
  }
}

template <class Operation>
void check_output(const Operation& op, InputTypes inputs, size_t first) {
  check_qparams(op.kType, kOutputScale.name, inputs[first].shape);
  check_qparams(op.kType, kOutputZeroPoint.name, inputs[first + 1].shape);
}

template <class Operation>
OutputTypes infer_binary(const Operation& op, InputTypes inputs) {
  check_operand(op.kType, inputs, 0);
  check_operand(op.kType, inputs, 3);
  check_output(op, inputs, 6);
  return {integer_type(op.kType, op, broadcast_shapes(inputs[0].shape, inputs[3].shape, op.kType))};
}

OutputTensors finish(const IntegerOutput& op, const at::Tensor& x, InputTensors inputs,
                     size_t output) {
  return {quantized(op, x, inputs[output], inputs[output + 1])};
}

}  // namespace

OutputTypes infer(const QuantizedAdd2& op, InputTypes inputs) {
  return infer_binary(op, inputs);
}
OutputTensors forward(const QuantizedAdd2& op, InputTensors inputs, ForwardContext& ctx) {
  check_scale_values(op.kInputs, inputs, ctx.where);
  return finish(op, operand(inputs, 0) + operand(inputs, 3), inputs, 6);
}

OutputTypes infer(const QuantizedSub2& op, InputTypes inputs) {
  return infer_binary(op, inputs);
}
OutputTensors forward(const QuantizedSub2& op, InputTensors inputs, ForwardContext& ctx) {
  check_scale_values(op.kInputs, inputs, ctx.where);
  return finish(op, operand(inputs, 0) - operand(inputs, 3), inputs, 6);
}

OutputTypes infer(const QuantizedMul2& op, InputTypes inputs) {
  return infer_binary(op, inputs);
}
OutputTensors forward(const QuantizedMul2& op, InputTensors inputs, ForwardContext& ctx) {
  check_scale_values(op.kInputs, inputs, ctx.where);
  return finish(op, operand(inputs, 0) * operand(inputs, 3), inputs, 6);
}

OutputTypes infer(const QuantizedConcatenate& op, InputTypes inputs) {
  OCTET_CHECK(inputs.size() > 2 && (inputs.size() - 2) % kOperandInputs == 0, op.kType,
              "{} inputs are not y_scale, y_zero_point and three for each value", inputs.size());
  check_output(op, inputs, 0);
  std::vector<VariableType> values;
  for (size_t i = 2; i < inputs.size(); i += kOperandInputs) {
    check_operand(op.kType, inputs, i);
    values.push_back({DType::kFloat32, inputs[i].shape, {}});
  }
  Concatenate concatenate;
  concatenate.axis = op.axis;
  return {integer_type(op.kType, op, infer(concatenate, values)[0].shape)};
}

OutputTensors forward(const QuantizedConcatenate& op, InputTensors inputs, ForwardContext& ctx) {
  check_scale(inputs[0], ctx.where);
  std::vector<at::Tensor> values;
  for (size_t i = 2; i < inputs.size(); i += kOperandInputs) {
    check_scale(inputs[i + 1], ctx.where);
    values.push_back(operand(inputs, i));
  }
  return finish(op, at::cat(values, op.axis), inputs, 0);
}

OutputTypes infer(const Requantize& op, InputTypes inputs) {
  check_operand(op.kType, inputs, 0);
  check_output(op, inputs, 3);
  return {integer_type(op.kType, op, inputs[0].shape)};
}

OutputTensors forward(const Requantize& op, InputTensors inputs, ForwardContext& ctx) {
  check_scale_values(op.kInputs, inputs, ctx.where);
  return finish(op, operand(inputs, 0), inputs, 3);
}

}  // namespace octet
