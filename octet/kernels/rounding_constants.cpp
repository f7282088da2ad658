#include "octet/kernels/rounding_constants.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "octet/base/error.h"

namespace octet::kernels {

RoundingConstants rounding_constants(const Requantization& r) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const bool cuts = r.activation != Activation::kNone, six = r.activation == Activation::kReLU6;
  const auto below = static_cast<float>(r.qmin - r.zero_point - 1);
  const auto above = static_cast<float>(r.qmax - r.zero_point + 1);
  RoundingConstants constants;
  constants.cuts = cuts;
  constants.cut_below = cuts ? 0 : kNaN;
  constants.cut_above = six ? r.six : kNaN;
  constants.clamp_low = std::clamp(cuts ? 0 : -kInfinity, below, above);
  constants.clamp_high = std::clamp(six ? r.six : kInfinity, below, above);
  constants.lowest = r.qmin;
  constants.highest = r.qmax;
  constants.zero_point = r.zero_point;
  constants.straight = r.ste == Ste::STRAIGHT;
  constants.half_away = r.round_mode == RoundMode::HALF_AWAY_FROM_ZERO;
  return constants;
}

void ChannelFactors::set(const Requantization& r) {
  const auto count = static_cast<size_t>(channels());
  OCTET_INTERNAL_CHECK(r.multiplier.size() == 1 || r.multiplier.size() == count);
  OCTET_INTERNAL_CHECK(r.bias.empty() || r.bias.size() == count);
  OCTET_INTERNAL_CHECK(r.offset.empty() || r.offset.size() == count);
  if (r.multiplier.size() == 1) {
    std::fill_n(multiplier.begin(), count, r.multiplier[0]);
  } else {
    std::copy(r.multiplier.begin(), r.multiplier.end(), multiplier.begin());
  }
  std::fill_n(bias.begin(), count, 0);
  std::copy(r.bias.begin(), r.bias.end(), bias.begin());
  std::fill_n(offset.begin(), count, 0.0F);
  std::copy(r.offset.begin(), r.offset.end(), offset.begin());
  shifts = !r.bias.empty() || !r.offset.empty();
  shrinks = !shifts && std::all_of(r.multiplier.begin(), r.multiplier.end(),
                                   [](float factor) { return std::abs(factor) < 1; });
}

}  // namespace octet::kernels
