// Activation functions. Each takes one tensor and gives one of the same shape, except CReLU and
// CELU, which double one axis. At a kink the gradient is the one that the comment states.
#pragma once

#include <limits>

#include "octet/ops/elementwise.h"

namespace octet {

OCTET_UNARY(ReLU6);    // min(max(x, 0), 6); gradient 0 at 0 and 6
OCTET_UNARY(GELU);     // x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))): Hendrycks and Gimpel, 2016
OCTET_UNARY(Mish);     // x tanh(log(1 + e^x)): Misra, 2019
OCTET_UNARY(Sigmoid);  // 1 / (1 + e^-x)
OCTET_UNARY(Tanh);     // tanh(x)
OCTET_UNARY(Swish);    // x sigmoid(x): Ramachandran et al., 2017
OCTET_UNARY(HardSigmoid);  // min(max(0.2 x + 0.5, 0), 1); gradient 0.2 at both kinks
OCTET_UNARY(HardSwish);    // x min(max(x + 3, 0), 6) / 6: Howard et al., 2019
OCTET_UNARY(HardTanh);     // min(max(x, -1), 1); gradient 1 at both kinks
OCTET_UNARY(LogSigmoid);   // log(sigmoid(x)), without overflow
OCTET_UNARY(SoftSign);     // x / (1 + |x|)
OCTET_UNARY(TanhShrink);   // x - tanh(x)
OCTET_UNARY(Sinc);         // sin(x) / x, and 1 (gradient 0) at 0

// x where x > 0, else alpha x.
struct LeakyReLU {
  OCTET_ATTRIBUTES(LeakyReLU, alpha, inplace)
  static constexpr std::array kInputs{InputSpec{"x"}};
  float alpha = 0.1F;
  bool inplace = false;  // kept for .nnp files; the result does not depend on it
};

// x where x > 0, else alpha (e^x - 1): Clevert et al., 2015.
struct ELU {
  OCTET_ATTRIBUTES(ELU, alpha)
  static constexpr std::array kInputs{InputSpec{"x"}};
  double alpha = 1.0;
};

// scale ELU(x; alpha), with the constants of Klambauer et al., 2017, equation 14.
struct SELU {
  OCTET_ATTRIBUTES(SELU, scale, alpha)
  static constexpr std::array kInputs{InputSpec{"x"}};
  double scale = 1.05070098735548;
  double alpha = 1.673263242354377;
};

// ReLU(x) and ReLU(-x) side by side along `axis`, which becomes twice as long: Shang et al., 2016.
// Throws Error for an axis that x does not have.
struct CReLU {
  OCTET_ATTRIBUTES(CReLU, axis)
  static constexpr std::array kInputs{InputSpec{"x"}};
  int64_t axis = 1;
};

// ELU(x; alpha) and ELU(-x; alpha) side by side along `axis`, which becomes twice as long. (The
// name means concatenated ELU here as in .nnp files, not the continuous ELU of Barron, 2017.)
// Throws Error for an axis that x does not have.
struct CELU {
  OCTET_ATTRIBUTES(CELU, alpha, axis)
  static constexpr std::array kInputs{InputSpec{"x"}};
  double alpha = 1.0;
  int64_t axis = 1;
};

// log(1 + e^(beta x)) / beta, without overflow. Throws Error unless beta > 0.
struct SoftPlus {
  OCTET_ATTRIBUTES(SoftPlus, beta)
  static constexpr std::array kInputs{InputSpec{"x"}};
  double beta = 1.0;
};

// min(max(x, min), max); gradient 1 at both kinks. Throws Error if min > max.
struct Clip {
  OCTET_ATTRIBUTES(Clip, min, max)
  static constexpr std::array kInputs{InputSpec{"x"}};
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
};

}  // namespace octet
