// Operations without inputs that draw random numbers: float32 tensors, new in every run.
//
// The draws come from the run's random state, or from the operation's own `seed` if that is not
// negative: the same numbers then in every run. The shape has no free dimension. Throw Error for a
// shape that is not known and for ranges that are empty.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

// Uniform within [low, high).
struct Rand {
  OCTET_ATTRIBUTES(Rand, low, high, shape, seed)
  float low = 0.0F;
  float high = 1.0F;
  Shape shape = {};
  int64_t seed = -1;
};

// Whole numbers, uniform within [low, high).
struct Randint {
  OCTET_ATTRIBUTES(Randint, low, high, shape, seed)
  int64_t low = 0;
  int64_t high = 1;
  Shape shape = {};
  int64_t seed = -1;
};

// Normal with mean mu and standard deviation sigma.
struct Randn {
  OCTET_ATTRIBUTES(Randn, mu, sigma, shape, seed)
  float mu = 0.0F;
  float sigma = 1.0F;
  Shape shape = {};
  int64_t seed = -1;
};

}  // namespace octet
