// Activations and quantizations of floats that the step which makes the floats does by itself.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

#include "octet/kernels/requantization.h"
#include "octet/plan/builder.h"

namespace octet::plan {

// A QuantizeLinear with one scale to 8-bit integers.
struct FusedQuantize {
  VariableId y = kNoId;
  std::vector<ValueId> inputs;  // scale and zero point
  ElementType type = ElementType::kInt8;
  kernels::Requantization requantization;  // without the zero point, which the step reads each time
  std::string name;
};
inline constexpr size_t kQuantizeScale = 0, kQuantizeZeroPoint = 1;

// Nothing for other functions, for scales per channel or trained ones, and for int16 and int32.
std::optional<FusedQuantize> quantization_of(const Builder& builder, FunctionId id);

// kNone for functions other than ReLU and ReLU6.
kernels::Activation activation_of(const Attributes& attributes);

// What stands behind a float value and alone reads it: an activation, a quantization, or both.
struct Finish {
  VariableId y = kNoId;  // what they give; the value itself if there is neither
  kernels::Activation activation = kernels::Activation::kNone;
  std::optional<FusedQuantize> quantize;
  // Those whose result is not y; to be left out by whoever makes y.
  std::vector<FunctionId> in_between;
};
Finish finish_of(const Builder& builder, VariableId value);

// Throws the Error of quantizing activation(x), which is not finite throughout.
void throw_not_finite(const at::Tensor& x, kernels::Activation activation, const std::string& name);

}  // namespace octet::plan
