// Another element type: y = x as `dtype`, one of float32, float64, int8, uint8, int16, int32, int64
// and bool.
//
// Floats become integers by truncation toward zero (what lies outside of the integer's range gives
// no stated value), integers lose the bits that the new type has no place for, and everything but 0
// becomes true. Between floats the gradient passes; to and from other types there is none.
// ONNX's Cast is this, and CastLike with the type of its second input.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Cast {
  OCTET_ATTRIBUTES(Cast, dtype)
  static constexpr std::array kInputs{InputSpec{"x"}};
  std::string dtype = "float32";
};

}  // namespace octet
