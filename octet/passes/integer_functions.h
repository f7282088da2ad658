// What lower_int8 knows about kinds of functions: which compute on integers, which only move values
// about, which are functions of one value.
#pragma once

#include "octet/graph/graph.h"

namespace octet {

// QuantizedConvolution, QuantizedAdd2, Requantize, ...: integers in, integers out.
bool is_integer_function(const Attributes& attributes);

// Whether a float function of this type has an integer one.
bool has_integer_function(const Attributes& attributes);

// Whether each value of the outputs is one of the input's, or the largest of some: such a function
// of one input gives the same on integers, up to the constant of a Pad.
bool moves_values(const Attributes& attributes);

// A function of each value by itself, without parameters: Sigmoid, Tanh, AddScalar, ...
bool is_elementwise(const Attributes& attributes);

// "RELU" or "RELU6" for an activation that an integer function's clamp can do, else "".
std::string_view fusable_activation(const Attributes& attributes);

}  // namespace octet
