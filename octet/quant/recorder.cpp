#include "octet/quant/recorder.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "octet/base/error.h"
#include "octet/base/shape.h"
#include "octet/quant/finite.h"
#include "octet/quant/histogram.h"
#include "octet/quant/range_search.h"

namespace octet {
namespace {

// The state by name, each tensor as a view of the state's storage with one row per channel.
struct State {
  at::Tensor m;       // (rows)
  at::Tensor M;       // (rows)
  at::Tensor count;   // (1)
  at::Tensor limit;   // (rows), HISTOGRAM only
  at::Tensor counts;  // (rows, bins), HISTOGRAM only
};

State state_of(const RecorderSpec& spec, std::span<const at::Tensor> state) {
  const bool has_histogram = spec.statistic == Statistic::HISTOGRAM;
  OCTET_INTERNAL_CHECK(state.size() == (has_histogram ? 5 : 3));
  State result{
      state[0].detach().view(-1), state[1].detach().view(-1), state[2].detach().view(-1), {}, {}};
  OCTET_INTERNAL_CHECK(result.M.numel() == result.m.numel() && result.count.numel() == 1);
  if (has_histogram) {
    result.limit = state[3].detach().view(-1);
    result.counts = state[4].detach().view({result.m.numel(), -1});
  }
  return result;
}

// x as (rows, values): one row for the tensor, or one for each channel.
at::Tensor rows_of(const at::Tensor& x, int64_t axis, int64_t rows, std::string_view where) {
  if (axis < 0) {
    OCTET_INTERNAL_CHECK(rows == 1);
    // The order of the values does not matter, so a tensor in another layout needs no copy.
    if (x.is_non_overlapping_and_dense()) return x.as_strided({1, x.numel()}, {x.numel(), 1});
    return x.reshape({1, -1});
  }
  axis = normalize_axis(axis, x.dim(), where);
  OCTET_CHECK(x.size(axis) == rows, where,
              "{} channels along axis {} of a value of shape {}, {} in "
              "the recorder",
              x.size(axis), axis, to_string(Shape(x.sizes().vec())), rows);
  return x.movedim(axis, 0).reshape({rows, -1});
}

struct BatchFigures {
  at::Tensor smallest;  // (rows) float32
  at::Tensor largest;
};

// NaN and infinity show in the extremes, so that finite values cost no pass of their own.
BatchFigures figures_of(Statistic statistic, const at::Tensor& rows, std::string_view where) {
  // One row is reduced as a whole, which ATen does in parallel.
  const bool whole = rows.size(0) == 1;
  auto [smallest, largest] = whole ? at::aminmax(rows) : at::aminmax(rows, 1);
  smallest = smallest.to(at::kFloat).view(-1);
  largest = largest.to(at::kFloat).view(-1);
  if (!(at::isfinite(smallest) & at::isfinite(largest)).all().item<bool>()) {
    check_finite(rows, where);
    throw_error(where, "values are beyond the largest float32");
  }
  if (statistic == Statistic::ABS_MAX) {
    const at::Tensor magnitude = at::maximum(smallest.neg(), largest);
    smallest = at::where(smallest < 0, magnitude.neg(), at::zeros_like(magnitude));
    largest = magnitude;
  }
  return {smallest, largest};
}

void update(const at::Tensor& past, const at::Tensor& batch, double decay) {
  // Two roundings, as in an interpreter of float32 arithmetic: no fused multiply-add.
  past.copy_(past * decay + batch * (1 - decay));
}

// A moving average without the 0 that it started from.
at::Tensor corrected(const RecorderSpec& spec, const at::Tensor& average, const at::Tensor& count) {
  if (spec.aggregation != Aggregation::MOVING_AVERAGE || !spec.bias_correction) return average;
  const double weight = 1 - std::pow(spec.decay, count.item<double>());
  return (average.to(at::kDouble) / weight).to(at::kFloat);
}

// What the range is for.
struct Purpose {
  const QuantFormat& format;
  bool symmetric;
  Pow2 pow2;
};

Interval search(const RecorderSpec& spec, const Histogram& histogram, const Purpose& purpose) {
  const auto& [format, symmetric, pow2] = purpose;
  switch (spec.rule) {
    case RangeRule::PERCENTILE:
      return percentile_range(histogram, format, symmetric, spec.percent);
    case RangeRule::ENTROPY:
      return entropy_range(histogram, format, symmetric);
    default:
      return mse_range(histogram, format, symmetric, pow2);
  }
}

Range range_from_histogram(const RecorderSpec& spec, const State& seen, const Purpose& purpose) {
  const at::Tensor minima = seen.m.to(at::kCPU).clone();
  const at::Tensor maxima = seen.M.to(at::kCPU).clone();
  const at::Tensor limits = seen.limit.to(at::kCPU).contiguous();
  const at::Tensor counts = seen.counts.to(at::kCPU).contiguous();
  const auto bins = static_cast<size_t>(counts.size(1));
  for (int64_t row = 0; row < counts.size(0); ++row) {
    float& minimum = minima.data_ptr<float>()[row];
    float& maximum = maxima.data_ptr<float>()[row];
    const Histogram histogram{{counts.data_ptr<int64_t>() + row * bins, bins},
                              limits.data_ptr<float>()[row],
                              minimum,
                              maximum};
    const Interval interval = search(spec, histogram, purpose);
    minimum = static_cast<float>(interval.lower);
    maximum = static_cast<float>(interval.upper);
  }
  return {minima.to(seen.m.device()), maxima.to(seen.m.device())};
}

Range range_by_rule(const RecorderSpec& spec, const State& seen, const Purpose& purpose) {
  const at::Tensor m = corrected(spec, seen.m, seen.count);
  const at::Tensor M = corrected(spec, seen.M, seen.count);
  switch (spec.rule) {
    case RangeRule::MIN_MAX:
      return {m.clone(), M.clone()};
    case RangeRule::SPAN: {
      // Halving is exact, and so is the doubling in choose_scale: scale = d / steps.
      const at::Tensor half = (M - m).clamp_min(1e-24) / 2;
      return {half.neg(), half};
    }
    case RangeRule::MAX_ONLY:
      return {M.abs().neg(), M.abs()};
    default:
      return range_from_histogram(spec, seen, purpose);
  }
}

}  // namespace

std::vector<StateTensor> recorder_state(const RecorderSpec& spec, int64_t channels) {
  std::vector<int64_t> shape;
  if (channels > 0) shape.push_back(channels);
  const auto floats = at::TensorOptions().dtype(at::kFloat);
  const auto integers = at::TensorOptions().dtype(at::kLong);
  std::vector<StateTensor> state{{"m", at::zeros(shape, floats)},
                                 {"M", at::zeros(shape, floats)},
                                 {"count", at::zeros({}, integers)}};
  if (spec.statistic == Statistic::HISTOGRAM) {
    state.push_back({"limit", at::zeros(shape, floats)});
    shape.push_back(histogram_bins(channels > 0));
    state.push_back({"histogram", at::zeros(shape, integers)});
  }
  return state;
}

void observe(const RecorderSpec& spec, std::span<const at::Tensor> state, const at::Tensor& x,
             int64_t axis, std::string_view where) {
  const at::NoGradGuard no_grad;
  const State seen = state_of(spec, state);
  OCTET_CHECK(x.numel() > 0, where, "there is nothing to record in a value of shape {}",
              to_string(Shape(x.sizes().vec())));
  const at::Tensor rows = rows_of(x.detach(), axis, seen.m.numel(), where);
  const BatchFigures batch = figures_of(spec.statistic, rows, where);
  if (spec.aggregation == Aggregation::MOVING_AVERAGE) {
    update(seen.m, batch.smallest, spec.decay);
    update(seen.M, batch.largest, spec.decay);
  } else {
    seen.m.copy_(at::minimum(seen.m, batch.smallest));
    seen.M.copy_(at::maximum(seen.M, batch.largest));
  }
  if (spec.statistic == Statistic::HISTOGRAM) {
    add_to_histogram(seen.counts, seen.limit, rows,
                     at::maximum(batch.smallest.neg(), batch.largest));
  }
  seen.count.add_(1);
}

Range range_of(const RecorderSpec& spec, std::span<const at::Tensor> state,
               const QuantFormat& format, bool symmetric, std::string_view where, Pow2 pow2) {
  const at::NoGradGuard no_grad;
  const State seen = state_of(spec, state);
  OCTET_CHECK(seen.count.item<int64_t>() > 0, where,
              "the recorder has seen no data to take a range from");
  const Range range = range_by_rule(spec, seen, {format, symmetric, pow2});
  return {range.minimum.view_as(state[0]), range.maximum.view_as(state[0])};
}

}  // namespace octet
