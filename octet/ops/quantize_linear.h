// q = clamp(round(x / scale) + zero_point, qmin, qmax): the integers of a quantized value.
//
// scale and zero_point have the rank of x with extents of 1 or equal to x's: all ones per tensor,
// (1, C, 1, 1) for the channels of an image. In the reference interpreter the integers are held in
// a float tensor, so that gradients flow: dx = dy / scale, where the value saturates 0 (ste
// "CLIPPED") or not ("STRAIGHT"); see quant/fake_quantize.h for the gradients to scale and zero
// point.
#pragma once

#include "octet/base/qparams.h"
#include "octet/ops/attributes.h"

namespace octet {

struct QuantizeLinear {
  OCTET_ATTRIBUTES(QuantizeLinear, round_mode, narrow_range, dtype, bits, ste)
  static constexpr std::array kInputs{InputSpec{"x"}, InputSpec{"scale", true},
                                      InputSpec{"zero_point", true}};
  std::string round_mode = "HALF_TO_EVEN";  // or HALF_AWAY_FROM_ZERO
  bool narrow_range = false;
  int64_t dtype = 1;  // NNabla's numbers: 1 int8, 2 uint8, 3 int16, 5 int32
  int64_t bits = 8;
  std::string ste = "CLIPPED";  // or STRAIGHT
};

// The format that the attributes name; throws Error for numbers that name none.
QuantFormat format_of(const QuantizeLinear& op);
// Attributes that name `format`.
QuantizeLinear quantize_linear_for(const QuantFormat& format, RoundMode round_mode, Ste ste);

}  // namespace octet
