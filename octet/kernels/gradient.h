// Gradients of activations in memory: float32, or bfloat16, the upper half of a float32, which is
// what the backward convolutions of processors with instructions for it read and write.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace octet::kernels {

struct BFloat16 {
  uint16_t bits = 0;
};
static_assert(sizeof(BFloat16) == 2);

inline float to_float(BFloat16 x) {
  return std::bit_cast<float>(static_cast<uint32_t>(x.bits) << 16);
}

// Rounded to the nearest, halves to even; what is no number stays none.
inline BFloat16 to_bfloat16(float x) {
  if (x != x) return {0x7FC0};
  const auto bits = std::bit_cast<uint32_t>(x);
  return {static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16)};
}

// Elements of one of both types.
struct Gradient {
  void* data = nullptr;
  bool is_bfloat16 = false;

  Gradient() = default;
  Gradient(std::nullptr_t) {}                // NOLINT(google-explicit-constructor)
  Gradient(float* floats) : data(floats) {}  // NOLINT(google-explicit-constructor)
  Gradient(BFloat16* halves)
      : data(halves), is_bfloat16(true) {}  // NOLINT(google-explicit-constructor)
  explicit operator bool() const { return data != nullptr; }

  // From element `offset` on.
  Gradient at(int64_t offset) const {
    Gradient part = *this;
    part.data = static_cast<char*>(data) + offset * (is_bfloat16 ? 2 : 4);
    return part;
  }
};

// Calls use(pointer to the elements), as float* or BFloat16*.
template <class Use>
void with_elements(const Gradient& gradient, const Use& use) {
  if (gradient.is_bfloat16) {
    use(static_cast<BFloat16*>(gradient.data));
  } else {
    use(static_cast<float*>(gradient.data));
  }
}

}  // namespace octet::kernels
