// Layers on integers: convolutions, transposed convolutions, the fully connected layer. The
// arithmetic and its gradient stand in integer_output.h; shapes and attributes are those of the
// float layers (convolution.h, depthwise_convolution.h, deconvolution.h,
// depthwise_deconvolution.h, affine.h).
//
// x: integers, x_scale and x_zero_point with one value. w: integers without a zero point, in the
// float layer's layout; w_scale has one value, or one for each index of w's axis of output
// channels (for Deconvolution those of one group). bias: whole numbers (outmaps) in units of
// x_scale * w_scale, int32. y_scale and y_zero_point have one value, or one for each output
// channel. Padding is x_zero_point, which stands for 0.
#pragma once

#include "octet/ops/affine.h"
#include "octet/ops/convolution.h"
#include "octet/ops/deconvolution.h"
#include "octet/ops/depthwise_convolution.h"
#include "octet/ops/depthwise_deconvolution.h"
#include "octet/ops/integer_output.h"

namespace octet {

// Where a quantized layer's inputs stand.
namespace layer_input {
inline constexpr size_t kX = 0, kXScale = 1, kXZeroPoint = 2, kW = 3, kWScale = 4, kYScale = 5,
                        kYZeroPoint = 6, kBias = 7;
}  // namespace layer_input

inline constexpr std::array kQuantizedLayerInputs{InputSpec{"x"},
                                                  InputSpec{"x_scale", true},
                                                  InputSpec{"x_zero_point", true},
                                                  kWeight,
                                                  InputSpec{"w_scale", true},
                                                  kOutputScale,
                                                  kOutputZeroPoint,
                                                  kBias};

struct QuantizedConvolution : Convolution, IntegerOutput {
  OCTET_ATTRIBUTES(QuantizedConvolution, base_axis, pad, stride, dilation, group, channel_last,
                   activation, round_mode, narrow_range, dtype, bits, ste)
  static constexpr auto kInputs = kQuantizedLayerInputs;
};

struct QuantizedDepthwiseConvolution : DepthwiseConvolution, IntegerOutput {
  OCTET_ATTRIBUTES(QuantizedDepthwiseConvolution, base_axis, pad, stride, dilation, multiplier,
                   activation, round_mode, narrow_range, dtype, bits, ste)
  static constexpr auto kInputs = kQuantizedLayerInputs;
};

struct QuantizedDeconvolution : Deconvolution, IntegerOutput {
  OCTET_ATTRIBUTES(QuantizedDeconvolution, base_axis, pad, stride, dilation, group, channel_last,
                   output_padding, activation, round_mode, narrow_range, dtype, bits, ste)
  static constexpr auto kInputs = kQuantizedLayerInputs;
};

struct QuantizedDepthwiseDeconvolution : DepthwiseDeconvolution, IntegerOutput {
  OCTET_ATTRIBUTES(QuantizedDepthwiseDeconvolution, base_axis, pad, stride, dilation, divisor,
                   activation, round_mode, narrow_range, dtype, bits, ste)
  static constexpr auto kInputs = kQuantizedLayerInputs;
};

struct QuantizedAffine : Affine, IntegerOutput {
  OCTET_ATTRIBUTES(QuantizedAffine, base_axis, activation, round_mode, narrow_range, dtype, bits,
                   ste)
  static constexpr auto kInputs = kQuantizedLayerInputs;
};

}  // namespace octet
