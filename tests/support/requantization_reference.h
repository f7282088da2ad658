// octet/kernels/requantization.h one element at a time, in plain C++, and random values for it.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "octet/kernels/requantization.h"

namespace octet::kernels {

// What a Requantization's spans look at.
struct RequantizationData {
  std::vector<float> multiplier;
  std::vector<int32_t> bias;
  std::vector<float> offset;
  Requantization rest;

  Requantization view() const {
    Requantization requantization = rest;
    requantization.multiplier = multiplier;
    requantization.bias = bias;
    requantization.offset = offset;
    return requantization;
  }
};

// Every activation, rounding and format; most results inside the range, and halves are frequent.
inline RequantizationData random_requantization(std::mt19937_64& engine, int64_t channels,
                                                bool is_signed) {
  const auto below = [&](uint64_t bound) { return static_cast<int64_t>(engine() % bound); };
  RequantizationData data;
  const bool powers_of_two = below(2) == 0;
  std::uniform_real_distribution<float> exponent(-12, 2);
  data.multiplier.resize(below(2) == 0 ? 1 : channels);
  for (float& m : data.multiplier) {
    const float e = exponent(engine);
    m = std::exp2(powers_of_two ? std::floor(e) : e);
  }
  if (below(2) == 0) {
    data.bias.resize(channels);
    for (int32_t& b : data.bias) b = static_cast<int32_t>(below(2001) - 1000);
  }
  if (below(3) == 0) {
    std::normal_distribution<float> normal(0, 50);
    data.offset.resize(channels);
    for (float& value : data.offset) value = normal(engine);
  }
  Requantization& r = data.rest;
  r.activation = static_cast<Activation>(below(3));
  r.six = powers_of_two ? 40 : 37.3F;
  const bool narrow = below(4) == 0;
  const int64_t bits = 8 - below(2) * below(7);
  r.qmin = static_cast<int32_t>(is_signed ? -(1 << (bits - 1)) : 0) + (narrow ? 1 : 0);
  r.qmax = static_cast<int32_t>(is_signed ? (1 << (bits - 1)) - 1 : (1 << bits) - 1);
  r.zero_point = below(2) == 0 && r.qmin <= 0 ? 0 : r.qmin + below(r.qmax - r.qmin + 1);
  r.round_mode = below(2) == 0 ? RoundMode::HALF_TO_EVEN : RoundMode::HALF_AWAY_FROM_ZERO;
  r.ste = below(3) == 0 ? Ste::STRAIGHT : Ste::CLIPPED;
  return data;
}

struct Requantized {
  int32_t y;
  bool passes;
};

inline Requantized requantized(int32_t acc, const Requantization& r, int64_t channel) {
  const int32_t bias = r.bias.empty() ? 0 : r.bias[channel];
  const float offset = r.offset.empty() ? 0 : r.offset[channel];
  const float multiplier = r.multiplier.size() == 1 ? r.multiplier[0] : r.multiplier[channel];
  const auto sum = static_cast<int32_t>(static_cast<uint32_t>(acc) + static_cast<uint32_t>(bias));
  // volatile: the sum and the product are rounded one after the other.
  const volatile float shifted = static_cast<float>(sum) + offset;
  const volatile float steps = shifted * multiplier;
  float active = steps;
  bool cut = false;
  if (r.activation != Activation::kNone) {
    active = std::max(active, 0.0F);
    cut = steps <= 0;
  }
  if (r.activation == Activation::kReLU6) {
    active = std::min(active, r.six);
    cut = cut || steps >= r.six;
  }
  const bool to_even = r.round_mode == RoundMode::HALF_TO_EVEN;
  const double rounded =
      (to_even ? std::nearbyint(active) : std::round(active)) + double(r.zero_point);
  const double y = std::clamp(rounded, double(r.qmin), double(r.qmax));
  return {static_cast<int32_t>(y), !cut && (r.ste == Ste::STRAIGHT || y == rounded)};
}

}  // namespace octet::kernels
