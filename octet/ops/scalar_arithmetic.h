// Arithmetic between a tensor and the number `val`. Integers count as float32.
#pragma once

#include "octet/ops/elementwise.h"

namespace octet {

// x + val.
struct AddScalar {
  OCTET_ATTRIBUTES(AddScalar, val, inplace)
  static constexpr std::array kInputs{InputSpec{"x"}};
  double val = 1.0;
  bool inplace = false;  // here and below: kept for .nnp files; the result does not depend on it
};

// x val.
struct MulScalar {
  OCTET_ATTRIBUTES(MulScalar, val, inplace)
  static constexpr std::array kInputs{InputSpec{"x"}};
  double val = 1.0;
  bool inplace = false;
};

// x to the power of val.
struct PowScalar {
  OCTET_ATTRIBUTES(PowScalar, val, inplace)
  static constexpr std::array kInputs{InputSpec{"x"}};
  double val = 1.0;
  bool inplace = false;
};

// val - x.
struct RSubScalar {
  OCTET_ATTRIBUTES(RSubScalar, val)
  static constexpr std::array kInputs{InputSpec{"x"}};
  double val = 1.0;
};

// val / x.
struct RDivScalar {
  OCTET_ATTRIBUTES(RDivScalar, val)
  static constexpr std::array kInputs{InputSpec{"x"}};
  double val = 1.0;
};

// val to the power of x.
struct RPowScalar {
  OCTET_ATTRIBUTES(RPowScalar, val)
  static constexpr std::array kInputs{InputSpec{"x"}};
  double val = 1.0;
};

// min(x, val); gradient 0 where they are equal. NaN stays NaN.
struct MinimumScalar {
  OCTET_ATTRIBUTES(MinimumScalar, val)
  static constexpr std::array kInputs{InputSpec{"x"}};
  double val = 1.0;
};

// max(x, val); gradient 0 where they are equal. NaN stays NaN.
struct MaximumScalar {
  OCTET_ATTRIBUTES(MaximumScalar, val)
  static constexpr std::array kInputs{InputSpec{"x"}};
  double val = 1.0;
};

}  // namespace octet
