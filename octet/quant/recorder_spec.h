// What a recorder does, as plain data: which figures of a batch it takes, how it joins them over
// the batches, and by which rule a range comes of them. recorder.h runs it.
#pragma once

#include <cstdint>
#include <string_view>

namespace octet {

// The figures taken of one batch, per tensor or per channel.
enum class Statistic : uint8_t {
  MIN_MAX,    // the smallest and the largest value
  MAX,        // both as well: a rule that reads the maximum alone is MAX_ONLY
  ABS_MAX,    // A = max|x| as the largest value, and -A, or 0 if nothing is negative, as smallest
  HISTOGRAM,  // smallest, largest, and how many values fall into each bin
};

// How the figures of several batches become one.
enum class Aggregation : uint8_t {
  EXTREME,         // m = min(m, batch), M = max(M, batch), from 0; counts of a histogram add up
  MOVING_AVERAGE,  // m = decay * m + (1 - decay) * batch, from 0; M likewise
};

// From the recorded figures to the range that the scale covers.
enum class RangeRule : uint8_t {
  MIN_MAX,     // [m, M]; a symmetric scale then covers both signs
  PERCENTILE,  // what holds the given percentage of the values
  MSE,         // what makes the mean squared quantization error smallest
  ENTROPY,     // what makes the Kullback-Leibler divergence smallest
  LEARNED,     // as MSE, and a point to start from: the scale is a parameter and trained on
  SPAN,        // NNabla's arithmetic: [-d/2, d/2] with d = max(M - m, 1e-24), for a symmetric scale
  MAX_ONLY,    // NNabla's arithmetic: [-M, M], whatever m is, for a symmetric scale
};

struct RecorderSpec {
  Statistic statistic = Statistic::MIN_MAX;
  Aggregation aggregation = Aggregation::EXTREME;
  RangeRule rule = RangeRule::MIN_MAX;
  // Of a moving average: the weight of the past, in [0, 1).
  double decay = 0.99;
  // Divide a moving average by 1 - decay^batches, which takes the 0 that it started from out of it
  // (Kingma and Ba 2015, section 3). Without it, 4 batches with decay 0.99 fill 4 % of the range.
  bool bias_correction = true;
  // Of rule PERCENTILE, in (0, 100].
  double percent = 99.99;

  // The recorders of NNabla by their names, with bias-corrected moving averages and a range that
  // minds both signs.
  static RecorderSpec min_max_min_max();
  static RecorderSpec abs_max();
  static RecorderSpec min_max_mva();
  static RecorderSpec max_max();
  static RecorderSpec max_mva();
  // Those that read the range from a histogram.
  static RecorderSpec percentile(double percent);
  static RecorderSpec mse();
  static RecorderSpec entropy();
  static RecorderSpec learned();

  bool operator==(const RecorderSpec&) const = default;
};

// One of the five recorders above with NNabla's own arithmetic, so that its figures can be
// repeated: no bias correction, and a symmetric scale of (M - m) / steps (MinMax...) or 2 * M /
// steps (Max...), which clips half of a one-sided value, or the negative side. AbsMax is the same
// in both. It is meant for signed formats and symmetric scales, the only ones that NNabla has. Two
// departures: no scale is below kTinyScale (scale.h), and a negative M counts as |M| where NNabla's
// scale would be negative or NaN.
RecorderSpec nnabla_exact(RecorderSpec spec);

// The recorder of that name, with its default figures: MinMaxMinMax, AbsMax, MinMaxMva, MaxMax,
// MaxMva, Percentile, MSE, Entropy, Learned; also with NNabla in front of one of the first five,
// for nnabla_exact, and with NNabla's ending RecorderCallback. An unknown name is an Error that
// lists them.
RecorderSpec recorder_spec(std::string_view name);
// The name of a recorder, whatever its decay, bias correction and percentile are; an Error if it
// has none.
std::string_view name_of(const RecorderSpec& spec);

// Throws Error prefixed with `where` for figures out of bounds, or a rule that the statistic cannot
// serve.
void validate(const RecorderSpec& spec, std::string_view where);

// True if the scale is trained with the network (LSQ; see learned_scale in fake_quantize.h).
bool is_learned(const RecorderSpec& spec);

}  // namespace octet
