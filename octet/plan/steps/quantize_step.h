// QuantizeLinear of an activation, and DequantizeLinear, with one scale.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

// False for scales per channel, for int16 and int32, and for parameters.
bool add_quantize(Builder& builder, FunctionId id);
// A ReLU or ReLU6 that a quantization alone reads: both in one go.
bool add_rectified_quantize(Builder& builder, FunctionId id);
bool add_dequantize(Builder& builder, FunctionId id);
// DequantizeLinear of a layer's int32 sums, with one scale or one for each channel.
bool add_dequantize_sums(Builder& builder, FunctionId id);

}  // namespace octet::plan
