// Losses of pairs of elements, unreduced. With d = x0 - x1:
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

// d^2. Shapes broadcast, here and in the next three.
struct SquaredError {
  OCTET_ATTRIBUTES(SquaredError)
  static constexpr std::array kInputs{InputSpec{"x0"}, InputSpec{"x1"}};
};

// |d|; gradient 0 at d = 0.
struct AbsoluteError {
  OCTET_ATTRIBUTES(AbsoluteError)
  static constexpr std::array kInputs{InputSpec{"x0"}, InputSpec{"x1"}};
};

// d^2 where |d| < delta, else delta (2 |d| - delta): twice the textbook's Huber loss.
struct HuberLoss {
  OCTET_ATTRIBUTES(HuberLoss, delta)
  static constexpr std::array kInputs{InputSpec{"x0"}, InputSpec{"x1"}};
  float delta = 1.0F;
};

// max(|d| - epsilon, 0).
struct EpsilonInsensitiveLoss {
  OCTET_ATTRIBUTES(EpsilonInsensitiveLoss, epsilon)
  static constexpr std::array kInputs{InputSpec{"x0"}, InputSpec{"x1"}};
  float epsilon = 0.1F;
};

// -(t log s(x) + (1 - t) log(1 - s(x))) with the logistic function s, computed without overflow. x
// and target have the same shape.
struct SigmoidCrossEntropy {
  OCTET_ATTRIBUTES(SigmoidCrossEntropy)
  static constexpr std::array kInputs{InputSpec{"x"}, InputSpec{"target"}};
};

// -(t log x + (1 - t) log(1 - x)) where x are probabilities; arguments of the logarithm below the
// smallest normal float count as that and get no gradient.
struct BinaryCrossEntropy {
  OCTET_ATTRIBUTES(BinaryCrossEntropy)
  static constexpr std::array kInputs{InputSpec{"x"}, InputSpec{"target"}};
};

// Kullback-Leibler divergence of distributions p and q over all dimensions from base_axis on:
// sum p (log(p + 1e-8) - log(q + 1e-8)). Output: (leading base_axis dimensions, 1).
struct KLMultinomial {
  OCTET_ATTRIBUTES(KLMultinomial, base_axis)
  static constexpr std::array kInputs{InputSpec{"p"}, InputSpec{"q"}};
  int64_t base_axis = 1;
};

}  // namespace octet
