#include "octet/plan/steps/integer_layer.h"

#include <ATen/ATen.h>

#include <cmath>

#include "octet/base/error.h"
#include "octet/quant/finite.h"

namespace octet::plan {

std::optional<ElementType> element_type_of(const IntegerOutput& output) {
  switch (format_of(quantizer_of(output)).dtype) {
    case DType::kInt8:
      return ElementType::kInt8;
    case DType::kUInt8:
      return ElementType::kUInt8;
    case DType::kInt32:
      return ElementType::kFloat32;
    default:
      return std::nullopt;
  }
}

kernels::Activation activation_of(const IntegerOutput& output) {
  if (output.activation == "RELU") return kernels::Activation::kReLU;
  return output.activation == "RELU6" ? kernels::Activation::kReLU6 : kernels::Activation::kNone;
}

bool is_scalar_leaf(const Builder& builder, VariableId id) {
  return builder.graph().variable(id).kind == VariableKind::kParameter &&
         builder.type(id).shape.num_elements() == 1;
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

bool is_small_integer(const Builder& builder, VariableId id) {
  const Value& value = builder.made(id);
  return !value.loose && value.type != ElementType::kFloat32;
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
