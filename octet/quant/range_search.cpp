#include "octet/quant/range_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "octet/quant/scale.h"

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
                     bool symmetric, Pow2 pow2) {
  const auto qmin = static_cast<double>(format.qmin());
  const auto qmax = static_cast<double>(format.qmax());
  const auto steps = static_cast<double>(format.steps());
  double scale = (range.upper - range.lower) / steps;
  if (symmetric) {
    scale =
        format.is_signed() ? 2 * std::max(-range.lower, range.upper) / steps : range.upper / qmax;
  }
  if (pow2 != Pow2::NOTROUND) scale = round_to_power_of_two(static_cast<float>(scale), pow2);
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

Interval mse_range(const Histogram& h, const QuantFormat& format, bool symmetric, Pow2 pow2) {
  const std::vector<Sample> samples = samples_of(h);
  const auto error = [&](Interval range) {
    return squared_error(samples, range, format, symmetric, pow2);
  };
  if (symmetric) {
    const double largest = largest_magnitude(h, format);
    if (largest <= 0) return {h.minimum, h.maximum};
    return threshold_range(h, smallest_on_grid(largest, [&](double threshold) {
                             return error({-threshold, threshold});
                           }));
  }
  Interval range{h.minimum, h.maximum};
  const int rounds = h.minimum < 0 && h.maximum > 0 ? 3 : 1;
  for (int round = 0; round < rounds; ++round) {
    if (h.minimum < 0) {
      range.lower = -smallest_on_grid(-h.minimum, [&](double x) {
        return error({-x, range.upper});
      });
    }
    if (h.maximum > 0) {
      range.upper = smallest_on_grid(h.maximum, [&](double x) { return error({range.lower, x}); });
    }
  }
  return range;
}

// ---- Entropy -----------------------------------------------------------------------------------

namespace {

// The divergence of the window [begin, end) of `counts`, quantized to `levels` equal levels, from
// itself with everything outside counted to its ends. An end that is an empty bin itself cannot be
// told from the quantized window; it counts as kEmpty values there, so that cutting off many costs
// much and few little. Infinite if the window has fewer bins than levels, or holds nothing.
double divergence(std::span<const double> counts, size_t begin, size_t end, size_t levels) {
  constexpr double kEmpty = 1e-4;
  const size_t n = end - begin;
  const auto window = counts.subspan(begin, n);
  const double inside = sum_of(window);
  if (n < levels || inside == 0) return std::numeric_limits<double>::infinity();
  const double before = sum_of(counts.first(begin));
  const double after = sum_of(counts.subspan(end));
  const double total = before + inside + after;
  double sum = 0;
  for (size_t level = 0; level < levels; ++level) {
    const size_t first = level * n / levels;
    const size_t last = (level + 1) * n / levels;
    const auto bins = window.subspan(first, last - first);
    const auto occupied = static_cast<double>(bins.size() - std::ranges::count(bins, 0.0));
    const double level_count = occupied > 0 ? sum_of(bins) / occupied : 0;
    for (size_t i = first; i < last; ++i) {
      const double p = window[i] + (i == 0 ? before : 0) + (i + 1 == n ? after : 0);
      if (p == 0) continue;
      const double q = window[i] > 0 ? level_count : kEmpty;
      sum += p / total * std::log((p / total) / (q / inside));
    }
  }
  return sum;
}

// The number of bins, of up to `most`, at which cost(bins) is smallest; of equals, the largest.
template <class Cost>
size_t best_number_of_bins(size_t most, const Cost& cost) {
  constexpr size_t kCandidates = 128;
  size_t best = most;
  double smallest = std::numeric_limits<double>::infinity();
  for (size_t k = kCandidates; k > 0; --k) {
    const size_t bins = (most * k + kCandidates - 1) / kCandidates;
    const double at_bins = cost(bins);
    if (at_bins < smallest) {
      smallest = at_bins;
      best = bins;
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
    return x > 0 ? std::min(static_cast<size_t>(std::floor(x / width)) + 1, half) : 0;
  };
  if (symmetric) {
    std::vector<double> counts = magnitudes(h, format);
    counts[0] = counts[1];
    const auto levels =
        static_cast<size_t>(format.is_signed() ? format.steps() / 2 : format.qmax());
    const size_t bins =
        best_number_of_bins(bins_up_to(largest_magnitude(h, format)),
                            [&](size_t up) { return divergence(counts, 0, up, levels + 1); });
    return threshold_range(h, width * static_cast<double>(bins));
  }
  std::vector<double> counts(h.counts.begin(), h.counts.end());
  counts[half] = counts[half + 1];
  const auto levels = static_cast<size_t>(format.steps()) + 1;
  const size_t most_below = bins_up_to(-h.minimum);
  const size_t most_above = bins_up_to(h.maximum);
  size_t below = most_below;
  size_t above = most_above;
  const int rounds = below > 0 && above > 0 ? 3 : 1;
  for (int round = 0; round < rounds; ++round) {
    below = best_number_of_bins(most_below, [&](size_t down) {
      return divergence(counts, half - down, half + above, levels);
    });
    above = best_number_of_bins(
        most_above, [&](size_t up) { return divergence(counts, half - below, half + up, levels); });
  }
  return {std::max(-width * static_cast<double>(below), h.minimum),
          std::min(width * static_cast<double>(above), h.maximum)};
}

}  // namespace octet
