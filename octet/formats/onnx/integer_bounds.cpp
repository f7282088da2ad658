#include "octet/formats/onnx/integer_bounds.h"

#include <algorithm>
#include <cmath>

namespace octet {

IntegerBounds integer_bounds(const IntegerOutput& output, float scale, float zero_point) {
  const QuantFormat format = format_of(quantizer_of(output));
  IntegerBounds bounds{static_cast<float>(format.qmin()), static_cast<float>(format.qmax())};
  if (output.activation != "NONE") bounds.lowest = std::max(bounds.lowest, zero_point);
  if (output.activation == "RELU6") {
    const float six = std::nearbyint(6.0F / scale) + zero_point;
    bounds.highest = std::clamp(six, bounds.lowest, bounds.highest);
  }
  return bounds;
}

std::optional<IntegerOutput> output_within(const IntegerBounds& bounds, DType dtype, float scale,
                                           float zero_point) {
  constexpr int kFewestBits = 2;
  QuantFormat format = full_format(dtype);
  for (; format.bits >= kFewestBits; --format.bits) {
    for (const bool narrow : {false, true}) {
      format.narrow_range = narrow;
      for (const char* activation : {"NONE", "RELU", "RELU6"}) {
        IntegerOutput output;
        set_output(output, quantize_linear_for(format, RoundMode::HALF_TO_EVEN, Ste::CLIPPED),
                   activation);
        if (integer_bounds(output, scale, zero_point) == bounds) return output;
      }
    }
  }
  return std::nullopt;
}

}  // namespace octet
