// The ranges that are read from a histogram: plain arithmetic in double, on one row of counts.
//
// A range that is narrower than the values clips the outermost of them and rounds all others more
// finely. Each rule weighs the two in its own way. All of them keep 0 in the range and never go
// beyond the smallest and the largest value. With `symmetric`, one threshold T serves both signs
// and the result is [max(-T, minimum), min(T, maximum)]; otherwise each side is its own. uint8 with
// `symmetric` has no negative half: there only the values above 0 count.
#pragma once

#include <cstdint>
#include <span>

#include "octet/base/qparams.h"

namespace octet {

// Equal bins over [-limit, limit); limit 0 if only zeros were seen.
struct Histogram {
  std::span<const int64_t> counts;
  double limit = 0;
  double minimum = 0;  // of the values, 0 or below
  double maximum = 0;  // of the values, 0 or above
};

struct Interval {
  double lower = 0;
  double upper = 0;
};

// Holds `percent` of the values, by linear interpolation inside a bin. Symmetric: of the
// magnitudes; otherwise half of the rest is cut off at each side.
Interval percentile_range(const Histogram& histogram, const QuantFormat& format, bool symmetric,
                          double percent);

// The range whose quantization (scale, rounded as `pow2` says, and zero point as in choose_scale)
// has the smallest mean squared error, found on a grid of 16 thresholds per octave, down to 1/1024
// of the largest magnitude, and refined around the best. Asymmetric: one side after the other,
// three times.
Interval mse_range(const Histogram& histogram, const QuantFormat& format, bool symmetric,
                   Pow2 pow2 = Pow2::NOTROUND);

// The range whose quantized histogram has the smallest Kullback-Leibler divergence from the
// original, with everything outside of the range counted to its outermost bins (Migacz, "8-bit
// inference with TensorRT", GTC 2017): 128 levels for the magnitudes of int8, 256 for both signs.
// The bin at 0 gets its neighbour's count, since exact zeros cost no scale anything. Asymmetric:
// one side after the other, three times.
Interval entropy_range(const Histogram& histogram, const QuantFormat& format, bool symmetric);

}  // namespace octet
