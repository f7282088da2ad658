// BatchMatmul on integers, both with a zero point; y as in integer_output.h, with
// m = float(float(a_scale * b_scale) / y_scale). Every scale and zero point has one value.
#pragma once

#include "octet/ops/batch_matmul.h"
#include "octet/ops/integer_output.h"

namespace octet {

struct QuantizedBatchMatmul : BatchMatmul, IntegerOutput {
  OCTET_ATTRIBUTES(QuantizedBatchMatmul, transpose_a, transpose_b, activation, round_mode,
                   narrow_range, dtype, bits, ste)
  static constexpr std::array kInputs{InputSpec{"a"},
                                      InputSpec{"a_scale", true},
                                      InputSpec{"a_zero_point", true},
                                      InputSpec{"b"},
                                      InputSpec{"b_scale", true},
                                      InputSpec{"b_zero_point", true},
                                      kOutputScale,
                                      kOutputZeroPoint};
};

}  // namespace octet
