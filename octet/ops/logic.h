// Logic on truth values: 0 is false, everything else (NaN too) is true. The result is 0 or 1 as
// floats (float32 for integer inputs) and has no gradient. The two-tensor forms broadcast as NumPy
// does; the inputs' element types may differ, the first one's counts. They throw Error for shapes
// that do not broadcast.
#pragma once

#include "octet/ops/elementwise.h"

namespace octet {

OCTET_UNARY(LogicalNot);
OCTET_BINARY(LogicalAnd);
OCTET_BINARY(LogicalOr);
OCTET_BINARY(LogicalXor);

// x and val.
struct LogicalAndScalar {
  OCTET_ATTRIBUTES(LogicalAndScalar, val)
  static constexpr std::array kInputs{InputSpec{"x"}};
  bool val = false;
};

// x or val.
struct LogicalOrScalar {
  OCTET_ATTRIBUTES(LogicalOrScalar, val)
  static constexpr std::array kInputs{InputSpec{"x"}};
  bool val = false;
};

// Either x or val, not both.
struct LogicalXorScalar {
  OCTET_ATTRIBUTES(LogicalXorScalar, val)
  static constexpr std::array kInputs{InputSpec{"x"}};
  bool val = false;
};

}  // namespace octet
