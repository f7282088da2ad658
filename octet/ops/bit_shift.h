// x0 with its bits moved by x1 places, "LEFT" (towards the larger numbers) or "RIGHT". Both
// broadcast as in NumPy; a shift by all places or more leaves zero. ONNX's BitShift.
//
// `bits` of an unsigned number are what there is to move: 8 (uint8), 16 (in an int32), 32 or 64 (in
// an int64, whose sign counts as the highest bit).
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct BitShift {
  OCTET_ATTRIBUTES(BitShift, direction, bits)
  static constexpr std::array kInputs{InputSpec{"x0"}, InputSpec{"x1"}};
  std::string direction = "LEFT";
  int64_t bits = 8;
};

}  // namespace octet
