// Limits of a tensor's element type.
#pragma once

#include <ATen/core/Tensor.h>

#include <limits>

namespace octet {

// The smallest positive normal number of x's floating type: what logarithms are kept above.
inline double smallest_normal(const at::Tensor& x) {
  return x.scalar_type() == at::kDouble ? std::numeric_limits<double>::min()
                                        : std::numeric_limits<float>::min();
}

}  // namespace octet
