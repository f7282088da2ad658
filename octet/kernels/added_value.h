// A sum in place of a layer's result, without a way through memory: the layer's own integers, made
// as ever, and another value are added as quantized_arithmetic.h says.
#pragma once

#include "octet/kernels/quantize.h"

namespace octet::kernels {

struct AddedValue {
  QuantizedOperand value;  // in the shape and the layout of y
  float own_scale = 1;     // of the layer's integers
  // The sum: its multiplier is not used, six is 6 in real numbers, and it rounds as the layer does.
  Requantization output;
  float y_scale = 1;
};

}  // namespace octet::kernels
