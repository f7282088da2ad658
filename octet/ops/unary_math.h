// Mathematical functions of one tensor, element by element. Integers count as float32, except for
// Identity, Abs and Neg, which keep the element type.
#pragma once

#include "octet/ops/elementwise.h"

namespace octet {

OCTET_UNARY(Identity);    // x
OCTET_UNARY(Abs);         // |x|; gradient 0 at 0
OCTET_UNARY(Neg);         // -x
OCTET_UNARY(Exp);         // e^x
OCTET_UNARY(Log);         // natural logarithm
OCTET_UNARY(Sqrt);        // square root
OCTET_UNARY(Reciprocal);  // 1 / x
OCTET_UNARY(Erf);         // error function
OCTET_UNARY(Sin);
OCTET_UNARY(Cos);
OCTET_UNARY(Tan);
OCTET_UNARY(Sinh);
OCTET_UNARY(Cosh);
OCTET_UNARY(ASin);
OCTET_UNARY(ACos);
OCTET_UNARY(ATan);
OCTET_UNARY(ASinh);
OCTET_UNARY(ACosh);
OCTET_UNARY(ATanh);

// The gradient passes through the following as if they were the identity.
OCTET_UNARY(Ceil);   // up to whole numbers
OCTET_UNARY(Floor);  // down to whole numbers

// To whole numbers. round_mode says where halves go: HALF_AWAY_FROM_ZERO, or HALF_TO_EVEN as in
// ONNX's Round.
struct Round {
  OCTET_ATTRIBUTES(Round, round_mode)
  static constexpr std::array kInputs{InputSpec{"x"}};
  std::string round_mode = "HALF_AWAY_FROM_ZERO";
};

// 1 where x > 0, -1 where x < 0, alpha where x = 0.
struct Sign {
  OCTET_ATTRIBUTES(Sign, alpha)
  static constexpr std::array kInputs{InputSpec{"x"}};
  float alpha = 1.0F;
};

}  // namespace octet
