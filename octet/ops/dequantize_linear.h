// x = (q - zero_point) * scale: the value that the integers stand for.
//
// scale and zero_point broadcast against q as in QuantizeLinear. dq = dx * scale.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct DequantizeLinear {
  OCTET_ATTRIBUTES(DequantizeLinear)
  static constexpr std::array kInputs{InputSpec{"x"}, InputSpec{"scale", true},
                                      InputSpec{"zero_point", true}};
};

}  // namespace octet
