// Values that a DequantizeLinear gives, seen as integers.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "octet/passes/pass.h"

namespace octet {

// A value's integers, and what they stand for.
struct Integers {
  VariableId q = kNoId;
  VariableId scale = kNoId;
  VariableId zero_point = kNoId;
};

// Nothing for a value that no DequantizeLinear with constant scale and zero point gives.
std::optional<Integers> integers_of(const Graph& graph, VariableId value);

// Likewise, for int8 and uint8 with one scale.
std::optional<Integers> small_integers_of(const Graph& graph, VariableId value);

bool has_one_scale(const Graph& graph, const Integers& integers);

// The lowest and the highest number that the value's type holds.
QuantFormat format_of_value(const Graph& graph, VariableId q);

// The parameter's value now.
const at::Tensor& value_of(const Graph& graph, VariableId parameter, const PassContext& ctx);

// The function as it is on these integers instead of real numbers: a Pad with the integer of its
// constant. Nothing where no integer stands for that.
std::optional<Attributes> on_integers(const Graph& graph, FunctionId function,
                                      const Integers& integers, bool exactly,
                                      const PassContext& ctx);

// Moves each QuantizeLinear in front of the functions that only move values to it, where these
// are quantized further up:  QuantizeLinear(MaxPooling(x)) -> MaxPooling(QuantizeLinear(x)).
void hoist_quantizers(Graph& graph, const PassContext& ctx);

// If the function only moves dequantized values, makes it move their integers, and dequantizes
// behind it. Otherwise nothing changes.
bool sink_dequantizer(Graph& graph, FunctionId function, const PassContext& ctx);

}  // namespace octet
