#include "octet/quant/range_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace octet {
namespace {

double bin_width(const Histogram& h) {
  return 2 * h.limit / static_cast<double>(h.counts.size());
}

Interval threshold_range(const Histogram& h, double threshold) {
  return {std::max(-threshold, h.minimum), std::min(threshold, h.maximum)};
}

// The largest value that a symmetric range of this format has to cover.
double largest_magnitude(const Histogram& h, const QuantFormat& format) {
  return format.is_signed() ? std::max(-h.minimum, h.maximum) : h.maximum;
}

// How often each magnitude occurs: element j covers [j, j + 1) bin widths.
std::vector<double> magnitudes(const Histogram& h, const QuantFormat& format) {
  const size_t half = h.counts.size() / 2;
  std::vector<double> result(half);
  for (size_t j = 0; j < half; ++j) {
    result[j] = static_cast<double>(h.counts[half + j]);
    if (format.is_signed()) result[j] += static_cast<double>(h.counts[half - 1 - j]);
  }
  return result;
}

double sum_of(std::span<const double> counts) {
  double sum = 0;
  for (const double count : counts) sum += count;
  return sum;
}

// The position, in bins from the first one, below which `share` of all counts lie.
double quantile_position(std::span<const double> counts, double share) {
  const double target = share * sum_of(counts);
  double below = 0;
  size_t last = 0;
  for (size_t j = 0; j < counts.size(); ++j) {
    if (counts[j] == 0) continue;
    if (below + counts[j] >= target) return static_cast<double>(j) + (target - below) / counts[j];
    below += counts[j];
    last = j + 1;
  }
  return static_cast<double>(last);
}

}  // namespace

Interval percentile_range(const Histogram& h, const QuantFormat& format, bool symmetric,
                          double percent) {
  const double width = bin_width(h);
  const double share = percent / 100;
  if (symmetric) {
    return threshold_range(h, width * quantile_position(magnitudes(h, format), share));
  }
  const std::vector<double> counts(h.counts.begin(), h.counts.end());
  const double cut = (1 - share) / 2;
  const double lower = width * quantile_position(counts, cut) - h.limit;
  const double upper = width * quantile_position(counts, 1 - cut) - h.limit;
  return {std::clamp(lower, h.minimum, 0.0), std::clamp(upper, 0.0, h.maximum)};
}

// ---- Mean squared error ------------------------------------------------------------------------

namespace {

struct Sample {
  double value;
  double count;
};

// The occupied bins, each by its middle.
std::vector<Sample> samples_of(const Histogram& h) {
  std::vector<Sample> samples;
  const double width = bin_width(h);
  for (size_t i = 0; i < h.counts.size(); ++i) {
    if (h.counts[i] == 0) continue;
    const double middle = (static_cast<double>(i) + 0.5) * width - h.limit;
    samples.push_back({std::clamp(middle, h.minimum, h.maximum), static_cast<double>(h.counts[i])});
  }
  return samples;
}

// To the nearest whole number, halves to even; for |x| < 2^51. Adding 1.5 * 2^52 leaves no bits
// for a fraction.
double nearest_whole(double x) {
  constexpr double kShift = 0x1.8p52;
  return (x + kShift) - kShift;
}

double squared_error(std::span<const Sample> samples, Interval range, const QuantFormat& format,
                     bool symmetric) {
  const auto qmin = static_cast<double>(format.qmin());
  const auto qmax = static_cast<double>(format.qmax());
  const auto steps = static_cast<double>(format.steps());
  double scale = (range.upper - range.lower) / steps;
  if (symmetric) {
    scale =
        format.is_signed() ? 2 * std::max(-range.lower, range.upper) / steps : range.upper / qmax;
  }
  if (scale <= 0) return std::numeric_limits<double>::infinity();
  const double zero_point =
      symmetric ? 0 : std::clamp(nearest_whole(qmin - range.lower / scale), qmin, qmax);
  const double inverse = 1 / scale;
  double error = 0;
  for (const Sample& sample : samples) {
    const double q =
        nearest_whole(std::clamp(sample.value * inverse + zero_point, qmin, qmax)) - zero_point;
    const double difference = q * scale - sample.value;
    error += sample.count * difference * difference;
  }
  return error;
}

// The x in (0, largest] at which cost(x) is smallest, by a geometric and then a linear grid. Of
// equals, the largest.
template <class Cost>
double smallest_on_grid(double largest, const Cost& cost) {
  constexpr int kPerOctave = 16;
  constexpr int kOctaves = 10;
  constexpr int kRefinement = 16;
  double best = largest;
  double best_cost = cost(largest);
  const auto consider = [&](double x) {
    const double at_x = cost(x);
    if (at_x < best_cost) {
      best_cost = at_x;
      best = x;
    }
  };
  for (int k = 1; k <= kPerOctave * kOctaves; ++k) {
    consider(largest * std::exp2(-static_cast<double>(k) / kPerOctave));
  }
  const double ratio = std::exp2(1.0 / kPerOctave);
  const double upper = std::min(best * ratio, largest);
  const double lower = best / ratio;
  for (int k = kRefinement - 1; k > 0; --k) {
    consider(lower + (upper - lower) * k / kRefinement);
  }
  return best;
}

}  // namespace

Interval mse_range(const Histogram& h, const QuantFormat& format, bool symmetric) {
  const std::vector<Sample> samples = samples_of(h);
  if (symmetric) {
    const double largest = largest_magnitude(h, format);
    if (largest <= 0) return {h.minimum, h.maximum};
    return threshold_range(h, smallest_on_grid(largest, [&](double threshold) {
                             return squared_error(samples, {-threshold, threshold}, format, true);
                           }));
  }
  Interval range{h.minimum, h.maximum};
  const int rounds = h.minimum < 0 && h.maximum > 0 ? 3 : 1;
  for (int round = 0; round < rounds; ++round) {
    if (h.minimum < 0) {
      range.lower = -smallest_on_grid(-h.minimum, [&](double x) {
        return squared_error(samples, {-x, range.upper}, format, false);
      });
    }
    if (h.maximum > 0) {
      range.upper = smallest_on_grid(h.maximum, [&](double x) {
        return squared_error(samples, {range.lower, x}, format, false);
      });
    }
  }
  return range;
}

// ---- Entropy -----------------------------------------------------------------------------------

namespace {

// The divergence of the window [begin, end) of `counts`, quantized to `levels` equal levels, from
// itself with everything outside counted to its ends; infinite if such an end is an empty bin,
// which the quantized window cannot hold.
double divergence(std::span<const double> counts, size_t begin, size_t end, size_t levels) {
  const size_t n = end - begin;
  const auto window = counts.subspan(begin, n);
  const double total = sum_of(counts);
  const double inside = sum_of(window);
  const double before = sum_of(counts.first(begin));
  const double after = total - before - inside;
  double sum = 0;
  for (size_t level = 0; level < levels; ++level) {
    const size_t first = level * n / levels;
    const size_t last = (level + 1) * n / levels;
    const auto bins = window.subspan(first, last - first);
    const auto occupied = static_cast<double>(bins.size() - std::ranges::count(bins, 0.0));
    const double level_share = occupied > 0 ? sum_of(bins) / occupied / inside : 0;
    for (size_t i = first; i < last; ++i) {
      const double p = window[i] + (i == 0 ? before : 0) + (i + 1 == n ? after : 0);
      if (p == 0) continue;
      if (window[i] == 0) return std::numeric_limits<double>::infinity();
      sum += p / total * std::log(p / total / level_share);
    }
  }
  return sum;
}

// Of the windows [zero - f * below, zero + f * above) for f in (0, 1], the f that diverges least.
// Of equals, the widest.
double best_shrinkage(std::span<const double> counts, size_t zero, size_t below, size_t above,
                      size_t levels) {
  constexpr int kCandidates = 256;
  double best = 1;
  double smallest = std::numeric_limits<double>::infinity();
  for (int k = kCandidates; k > 0; --k) {
    const double f = static_cast<double>(k) / kCandidates;
    const auto down = static_cast<size_t>(std::ceil(f * static_cast<double>(below)));
    const auto up = static_cast<size_t>(std::ceil(f * static_cast<double>(above)));
    if (down + up < levels) break;
    const double d = divergence(counts, zero - down, zero + up, levels);
    if (d < smallest) {
      smallest = d;
      best = f;
    }
  }
  return best;
}

}  // namespace

Interval entropy_range(const Histogram& h, const QuantFormat& format, bool symmetric) {
  if (h.limit == 0) return {h.minimum, h.maximum};
  const double width = bin_width(h);
  const size_t half = h.counts.size() / 2;
  const auto bins_up_to = [&](double x) {
    return std::min(static_cast<size_t>(std::floor(x / width)) + 1, half);
  };
  if (symmetric) {
    std::vector<double> counts = magnitudes(h, format);
    counts[0] = counts[1];
    const double largest = largest_magnitude(h, format);
    const auto levels =
        static_cast<size_t>(format.is_signed() ? format.steps() / 2 : format.qmax());
    return threshold_range(h,
                           largest * best_shrinkage(counts, 0, 0, bins_up_to(largest), levels + 1));
  }
  std::vector<double> counts(h.counts.begin(), h.counts.end());
  counts[half] = counts[half + 1];
  const size_t below = h.minimum < 0 ? bins_up_to(-h.minimum) : 0;
  const double f = best_shrinkage(counts, half, below, bins_up_to(h.maximum),
                                  static_cast<size_t>(format.steps()) + 1);
  return {f * h.minimum, f * h.maximum};
}

}  // namespace octet
