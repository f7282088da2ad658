// Functions that take integers of several scales to integers of one, element by element.
//
// They are defined by float32 arithmetic, operation by operation: (q - zero_point) * scale of each
// input; their sum, difference or product; the activation; then QuantizeLinear. So they give
// exactly what a DequantizeLinear on each input, the float function and a QuantizeLinear give
// (ONNX Runtime's QLinearAdd and QLinearMul differ from that by rounding their table of one
// operand), and have those gradients. Inputs may be int32 accumulators too, with one scale for each
// channel, in the rank of the value.
#pragma once

#include "octet/ops/integer_output.h"

namespace octet {

inline constexpr std::array kQuantizedBinaryInputs{InputSpec{"x0"},
                                                   InputSpec{"x0_scale", true},
                                                   InputSpec{"x0_zero_point", true},
                                                   InputSpec{"x1"},
                                                   InputSpec{"x1_scale", true},
                                                   InputSpec{"x1_zero_point", true},
                                                   kOutputScale,
                                                   kOutputZeroPoint};

// x0 + x1, with NumPy's broadcasting, as the next two.
struct QuantizedAdd2 : IntegerOutput {
  OCTET_ATTRIBUTES(QuantizedAdd2, activation, round_mode, narrow_range, dtype, bits, ste)
  static constexpr auto kInputs = kQuantizedBinaryInputs;
};

// x0 - x1
struct QuantizedSub2 : IntegerOutput {
  OCTET_ATTRIBUTES(QuantizedSub2, activation, round_mode, narrow_range, dtype, bits, ste)
  static constexpr auto kInputs = kQuantizedBinaryInputs;
};

// x0 * x1
struct QuantizedMul2 : IntegerOutput {
  OCTET_ATTRIBUTES(QuantizedMul2, activation, round_mode, narrow_range, dtype, bits, ste)
  static constexpr auto kInputs = kQuantizedBinaryInputs;
};

// The inputs side by side along `axis`. Behind y_scale and y_zero_point come x, scale and
// zero_point of each.
struct QuantizedConcatenate : IntegerOutput {
  OCTET_ATTRIBUTES(QuantizedConcatenate, axis, activation, round_mode, narrow_range, dtype, bits,
                   ste)
  static constexpr std::array kInputs{kOutputScale, kOutputZeroPoint,
                                      InputSpec{.name = "x_scale_zero_point", .variadic = true}};
  int64_t axis = 1;
};

// The same value in other integers: an int32 accumulator or an int8 of another scale.
struct Requantize : IntegerOutput {
  OCTET_ATTRIBUTES(Requantize, activation, round_mode, narrow_range, dtype, bits, ste)
  static constexpr std::array kInputs{InputSpec{"x"}, InputSpec{"x_scale", true},
                                      InputSpec{"x_zero_point", true}, kOutputScale,
                                      kOutputZeroPoint};
};

}  // namespace octet
