// Division of sizes that rounds up.
#pragma once

#include <cstdint>

namespace octet::kernels {

inline int64_t divided_up(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

// To a multiple of b.
inline int64_t rounded_up(int64_t a, int64_t b) {
  return divided_up(a, b) * b;
}

}  // namespace octet::kernels
