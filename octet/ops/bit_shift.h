// x0 with its bits moved by x1 places, "LEFT" (towards the larger numbers) or "RIGHT". Both are
// uint8 and broadcast as in NumPy; a shift of 8 or more leaves zero. ONNX's BitShift on uint8.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct BitShift {
  OCTET_ATTRIBUTES(BitShift, direction)
  static constexpr std::array kInputs{InputSpec{"x0"}, InputSpec{"x1"}};
  std::string direction = "LEFT";
};

}  // namespace octet
