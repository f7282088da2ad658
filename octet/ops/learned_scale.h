// scale = 2^log2_scale: a quantization scale that is trained with the network and stays positive.
//
// Esser et al. 2020, "Learned step size quantization"; the log2 domain after Jain et al. 2020,
// "Trained quantization thresholds", which also rounds the exponent for power-of-two scales.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct LearnedScale {
  OCTET_ATTRIBUTES(LearnedScale, pow2, gradient_scale)
  static constexpr std::array kInputs{InputSpec{"log2_scale", true}};
  std::string pow2 = "NOTROUND";  // or ROUND, CEIL, FLOOR
  double gradient_scale = 1.0;    // LSQ's 1 / sqrt(values * qmax)
};

}  // namespace octet
