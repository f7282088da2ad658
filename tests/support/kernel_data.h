// Data for the loops of octet/kernels, and what their tests read it with.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "octet/base/qparams.h"

namespace octet::kernels {

// Not a multiple of any vector, and more than one chunk of work.
constexpr int64_t kCount = 40'003;

inline std::vector<float> normal(unsigned seed, int64_t count = kCount, float deviation = 40) {
  std::mt19937 random(seed);
  std::normal_distribution<float> distribution(0, deviation);
  std::vector<float> values(count);
  for (float& value : values) value = distribution(random);
  return values;
}

template <class T>
std::vector<T> bytes(unsigned seed, int64_t count = kCount) {
  std::mt19937 random(seed);
  std::vector<T> values(count);
  for (T& value : values) value = static_cast<T>(random());
  return values;
}

inline float rounded(float x, RoundMode mode) {
  return mode == RoundMode::HALF_TO_EVEN ? std::nearbyint(x) : std::round(x);
}

inline bool bit(const std::vector<uint8_t>& bits, int64_t i) {
  return (bits[i / 8] >> (i % 8) & 1) != 0;
}

}  // namespace octet::kernels
