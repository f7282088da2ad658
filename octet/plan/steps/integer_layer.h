// What the steps of quantized layers share: from the inputs of the function to what kernels want.
#pragma once

#include <optional>
#include <vector>

#include "octet/kernels/quantize.h"
#include "octet/kernels/requantization.h"
#include "octet/ops/integer_output.h"
#include "octet/plan/builder.h"

namespace octet::plan {

// The type that kernels hold a function's result in: 8-bit integers, or for int32 accumulators
// whole numbers in float32. Nothing for other formats.
std::optional<ElementType> element_type_of(const IntegerOutput& output);

kernels::Activation activation_of(const IntegerOutput& output);

// Whether the value that the variable names is one number that is known before the network runs and
// not trained: kernels give scales no gradient.
bool is_scalar_leaf(const Builder& builder, VariableId id);

// The one value of a loose float or integer.
float scalar_of(const Value& value);

// The same of a scale. Throws Error "[name] the scale 0 is not a positive number".
float scale_of(const Value& value);

// Throws Error "[name] ..." unless each factor from sums to steps is a positive number.
void check_multipliers(std::span<const float> multipliers, const std::string& name);

// The inputs of a function of integers x and their scales: x as kernels hold it.
std::vector<ValueId> inputs_of_unary(Builder& builder, const Function& function);

// Whether all inputs from `first` on are one number each, known before the network runs.
bool has_scalar_leaves(const Builder& builder, const Function& function, size_t first);

// A function of 8-bit integers to 8-bit integers; nothing if the format of the result is another.
std::optional<ElementType> byte_type_of(const IntegerOutput& output);

// The operand whose scale and zero point follow it among the inputs.
kernels::QuantizedOperand operand_of(const Value& x, const Value& scale, const Value& zero_point);

// Everything of a Requantization that does not depend on values.
kernels::Requantization requantization_of(const IntegerOutput& output);

}  // namespace octet::plan
