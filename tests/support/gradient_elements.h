// Gradients in float32 or bfloat16, and gradient bits, for tests of kernels.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "octet/kernels/gradient.h"

namespace octet::kernels {

// Gradients of one of both types, and their values.
class Elements {
 public:
  Elements(int64_t count, bool is_bfloat16) : is_bfloat16_(is_bfloat16) {
    (is_bfloat16 ? bits_.resize(count) : bits_.resize(2 * count));
  }
  Gradient gradient() {
    if (is_bfloat16_) return reinterpret_cast<BFloat16*>(bits_.data());
    return reinterpret_cast<float*>(bits_.data());
  }
  float operator[](int64_t i) const {
    return is_bfloat16_ ? to_float(reinterpret_cast<const BFloat16*>(bits_.data())[i])
                        : reinterpret_cast<const float*>(bits_.data())[i];
  }
  void set(int64_t i, float value) {
    if (is_bfloat16_) {
      reinterpret_cast<BFloat16*>(bits_.data())[i] = to_bfloat16(value);
    } else {
      reinterpret_cast<float*>(bits_.data())[i] = value;
    }
  }
  // What a result would be, stored here.
  float stored(float value) const { return is_bfloat16_ ? to_float(to_bfloat16(value)) : value; }

 private:
  bool is_bfloat16_;
  std::vector<uint16_t> bits_;
};

inline Elements random_elements(int64_t count, bool is_bfloat16, uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<float> normal;
  Elements elements(count, is_bfloat16);
  for (int64_t i = 0; i < count; ++i) elements.set(i, normal(engine));
  return elements;
}

inline std::vector<uint8_t> random_bits(int64_t bytes, uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::vector<uint8_t> bits(bytes);
  for (uint8_t& byte : bits) byte = static_cast<uint8_t>(engine());
  return bits;
}

}  // namespace octet::kernels
