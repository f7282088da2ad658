// Average pooling on integers: the exact sum of (x - x_zero_point) over each window, times
// m = float(float(x_scale / count) / y_scale), rounded as in integer_output.h. count is the number
// of values that the float layer (pooling.h) divides by. Every scale and zero point has one value.
#pragma once

#include "octet/ops/integer_output.h"
#include "octet/ops/pooling.h"

namespace octet {

inline constexpr std::array kQuantizedPoolingInputs{InputSpec{"x"}, InputSpec{"x_scale", true},
                                                    InputSpec{"x_zero_point", true}, kOutputScale,
                                                    kOutputZeroPoint};

struct QuantizedAveragePooling : AveragePooling, IntegerOutput {
  OCTET_ATTRIBUTES(QuantizedAveragePooling, kernel, stride, ignore_border, pad, channel_last,
                   including_pad, pad_end, ceil_mode, activation, round_mode, narrow_range, dtype,
                   bits, ste)
  static constexpr auto kInputs = kQuantizedPoolingInputs;
};

struct QuantizedGlobalAveragePooling : IntegerOutput {
  OCTET_ATTRIBUTES(QuantizedGlobalAveragePooling, activation, round_mode, narrow_range, dtype, bits,
                   ste)
  static constexpr auto kInputs = kQuantizedPoolingInputs;
};

}  // namespace octet
