#include "octet/formats/onnx/integer_patterns.h"

#include <ATen/ATen.h>

#include <cmath>

namespace octet {

at::Tensor IntegerPatterns::constant(VariableId value) const {
  const Variable& variable = graph_.variable(value);
  if (variable.kind != VariableKind::kParameter) return {};
  return parameters_.at(variable.name).value.detach();
}

std::optional<float> IntegerPatterns::number(VariableId value) const {
  const at::Tensor tensor = constant(value);
  if (!tensor.defined() || tensor.numel() != 1) return std::nullopt;
  return tensor.to(at::kCPU, at::kFloat).item<float>();
}

VariableId IntegerPatterns::cast_of(VariableId value, DType to) const {
  const FunctionId id = made_by<Cast>(value);
  if (id == kNoId || graph_.variable(value).type.dtype != to) return kNoId;
  return graph_.function(id).inputs[0];
}

bool IntegerPatterns::is_small_integer(VariableId value) const {
  const DType dtype = graph_.variable(value).type.dtype;
  return dtype == DType::kInt8 || dtype == DType::kUInt8;
}

std::optional<CentredIntegers> IntegerPatterns::centred(VariableId value, DType type) const {
  const VariableId result = value;
  float zero_point = 0;
  if (const FunctionId id = made_by<Sub2>(value); id != kNoId) {
    const auto number = this->number(graph_.function(id).inputs[1]);
    if (!number) return std::nullopt;
    zero_point = *number;
    value = graph_.function(id).inputs[0];
  } else if (const FunctionId shift = made_by<AddScalar>(value); shift != kNoId) {
    const Function& function = graph_.function(shift);
    zero_point = static_cast<float>(-std::get<AddScalar>(function.attributes).val);
    value = function.inputs[0];
  }
  const VariableId q = cast_of(value, type);
  if (q == kNoId || !is_small_integer(q) || !same_shape(q, result)) return std::nullopt;
  const QuantFormat format = full_format(graph_.variable(q).type.dtype);
  const bool fits = zero_point == std::nearbyint(zero_point) &&
                    zero_point >= static_cast<float>(format.qmin()) &&
                    zero_point <= static_cast<float>(format.qmax());
  if (!fits) return std::nullopt;
  return CentredIntegers{q, zero_point};
}

std::optional<ScaledValue> IntegerPatterns::scaled(VariableId value) const {
  if (const FunctionId id = made_by<MulScalar>(value); id != kNoId) {
    const Function& function = graph_.function(id);
    const double factor = std::get<MulScalar>(function.attributes).val;
    return ScaledValue{function.inputs[0], at::full({}, factor, at::kFloat)};
  }
  const FunctionId id = made_by<Mul2>(value);
  if (id == kNoId) return std::nullopt;
  const std::vector<VariableId>& inputs = graph_.function(id).inputs;
  for (const size_t index : {size_t{0}, size_t{1}}) {
    const at::Tensor factor = constant(inputs[1 - index]);
    const bool is_factor = factor.defined() && factor.scalar_type() == at::kFloat &&
                           graph_.variable(inputs[index]).kind == VariableKind::kActivation;
    if (is_factor && same_shape(inputs[index], value)) return ScaledValue{inputs[index], factor};
  }
  return std::nullopt;
}

std::optional<RealIntegers> IntegerPatterns::real(VariableId value) const {
  if (const FunctionId id = made_by<DequantizeLinear>(value); id != kNoId) {
    const std::vector<VariableId>& inputs = graph_.function(id).inputs;
    const at::Tensor scale = constant(inputs[1]);
    const bool is_sum = graph_.variable(inputs[0]).type.dtype == DType::kInt32 &&
                        graph_.variable(inputs[0]).kind == VariableKind::kActivation;
    const at::Tensor zero_point = constant(inputs[2]);
    if (!is_sum || !scale.defined() || !zero_point.defined()) return std::nullopt;
    if (!zero_point.eq(0).all().item<bool>()) return std::nullopt;
    return RealIntegers{{inputs[0], 0}, scale};
  }
  const auto product = scaled(value);
  if (!product || !product->factor.gt(0).all().item<bool>()) return std::nullopt;
  const auto integers = centred(product->value, DType::kFloat32);
  // The pixels of an image are integers too, but of no quantized network.
  if (!integers || graph_.variable(integers->q).kind != VariableKind::kActivation ||
      product->factor.numel() != 1)
    return std::nullopt;
  return RealIntegers{*integers, product->factor};
}

}  // namespace octet
