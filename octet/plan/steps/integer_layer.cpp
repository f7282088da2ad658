#include "octet/plan/steps/integer_layer.h"

#include <ATen/ATen.h>

#include <cmath>

#include "octet/base/error.h"
#include "octet/quant/finite.h"

namespace octet::plan {

std::optional<ElementType> element_type_of(const IntegerOutput& output) {
  const DType dtype = format_of(quantizer_of(output)).dtype;
  return dtype == DType::kInt32 ? std::optional(ElementType::kFloat32) : byte_type_of(dtype);
}

kernels::Activation activation_of(const IntegerOutput& output) {
  if (output.activation == "RELU") return kernels::Activation::kReLU;
  return output.activation == "RELU6" ? kernels::Activation::kReLU6 : kernels::Activation::kNone;
}

bool is_scalar_leaf(const Builder& builder, VariableId id) {
  return builder.graph().variable(id).kind == VariableKind::kParameter &&
         builder.type(id).shape.num_elements() == 1 && !builder.made(id).needs_gradient;
}

float scalar_of(const Value& value) {
  return value.tensor.scalar_type() == at::kFloat ? *value.tensor.data_ptr<float>()
                                                  : value.tensor.item<float>();
}

float scale_of(const Value& value) {
  const float scale = scalar_of(value);
  if (!std::isfinite(scale) || scale <= 0) check_scale(value.tensor, value.name);
  return scale;
}

void check_multipliers(std::span<const float> multipliers, const std::string& name) {
  for (const float multiplier : multipliers) {
    OCTET_CHECK(std::isfinite(multiplier) && multiplier > 0, name,
                "x_scale * w_scale / y_scale is {}, which is not a positive number", multiplier);
  }
}

std::vector<ValueId> inputs_of_unary(Builder& builder, const Function& function) {
  std::vector<ValueId> inputs{builder.as_integers(function.inputs[0])};
  for (size_t i = 1; i < function.inputs.size(); ++i) {
    inputs.push_back(builder.value_of(function.inputs[i]));
  }
  return inputs;
}

bool has_scalar_leaves(const Builder& builder, const Function& function, size_t first) {
  for (size_t i = first; i < function.inputs.size(); ++i) {
    if (!is_scalar_leaf(builder, function.inputs[i])) return false;
  }
  return true;
}

std::optional<ElementType> byte_type_of(const IntegerOutput& output) {
  return byte_type_of(format_of(quantizer_of(output)).dtype);
}

kernels::QuantizedOperand operand_of(const Value& x, const Value& scale, const Value& zero_point) {
  return {.data = x.data,
          .is_signed = x.is_signed(),
          .zero_point = static_cast<int32_t>(scalar_of(zero_point)),
          .scale = scale_of(scale)};
}

kernels::Requantization requantization_of(const IntegerOutput& output) {
  const QuantFormat format = format_of(quantizer_of(output));
  return {.multiplier = {},
          .bias = {},
          .offset = {},
          .activation = activation_of(output),
          .qmin = static_cast<int32_t>(format.qmin()),
          .qmax = static_cast<int32_t>(format.qmax()),
          .round_mode = parse_round_mode(output.round_mode),
          .ste = parse_ste(output.ste)};
}

}  // namespace octet::plan
