// Requantization made ready for the vectors of requantize-inl.h: what all channels share as a few
// numbers, and what each channel has as arrays that can be read eight at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "octet/kernels/requantization.h"

namespace octet::kernels {

// Adding 1.5 * 2^23 to a float32 of less than 2^22 rounds it to a whole number, halves to even, and
// leaves that number in the low bits: they are kRoundingBits + number.
inline constexpr float kRoundingFloat = 12582912.0F;
inline constexpr int32_t kRoundingBits = 0x4B400000;

struct RoundingConstants {
  // The activation cuts steps <= cut_below and steps >= cut_above; NaN where it does not.
  bool cuts = false;
  float cut_below = 0;
  float cut_above = 0;
  // The activation, and bounds one beyond those of the integers: a number clamped to them rounds to
  // a valid integer exactly if it did before.
  float clamp_low = 0;
  float clamp_high = 0;
  int32_t lowest = 0;
  int32_t highest = 0;
  int32_t zero_point = 0;
  bool straight = false;
  bool half_away = false;
};

RoundingConstants rounding_constants(const Requantization& requantization);

// One value for each channel, and fifteen more.
struct ChannelFactors {
  std::vector<float> multiplier;
  std::vector<float> offset;
  std::vector<int32_t> bias;
  bool shifts = false;   // a bias or an offset is not 0
  bool shrinks = false;  // no sum of int32 becomes more steps than fit into int32

  static constexpr int64_t kMore = 15;

  explicit ChannelFactors(int64_t channels)
      : multiplier(channels + kMore), offset(channels + kMore), bias(channels + kMore) {}
  // Throws InternalError if a span of `requantization` has another number of values.
  void set(const Requantization& requantization);
  int64_t channels() const { return static_cast<int64_t>(multiplier.size()) - kMore; }
};

}  // namespace octet::kernels
