#include "octet/quant/recorder_spec.h"

#include <array>
#include <vector>

#include "octet/base/error.h"

namespace octet {
namespace {

struct Named {
  std::string_view name;
  RecorderSpec spec;
};

const std::vector<Named>& table() {
  static const std::vector<Named> rows{
      {"MinMaxMinMax", RecorderSpec::min_max_min_max()},
      {"AbsMax", RecorderSpec::abs_max()},
      {"MinMaxMva", RecorderSpec::min_max_mva()},
      {"MaxMax", RecorderSpec::max_max()},
      {"MaxMva", RecorderSpec::max_mva()},
      {"Percentile", RecorderSpec::percentile(RecorderSpec{}.percent)},
      {"MSE", RecorderSpec::mse()},
      {"Entropy", RecorderSpec::entropy()},
      {"Learned", RecorderSpec::learned()},
      {"NNablaMinMaxMinMax", nnabla_exact(RecorderSpec::min_max_min_max())},
      {"NNablaAbsMax", nnabla_exact(RecorderSpec::abs_max())},
      {"NNablaMinMaxMva", nnabla_exact(RecorderSpec::min_max_mva())},
      {"NNablaMaxMax", nnabla_exact(RecorderSpec::max_max())},
      {"NNablaMaxMva", nnabla_exact(RecorderSpec::max_mva())},
  };
  return rows;
}

bool needs_histogram(RangeRule rule) {
  return rule == RangeRule::PERCENTILE || rule == RangeRule::MSE || rule == RangeRule::ENTROPY ||
         rule == RangeRule::LEARNED;
}

RecorderSpec from_histogram(RangeRule rule) {
  return {.statistic = Statistic::HISTOGRAM, .rule = rule};
}

}  // namespace

RecorderSpec RecorderSpec::min_max_min_max() {
  return {};
}

RecorderSpec RecorderSpec::abs_max() {
  return {.statistic = Statistic::ABS_MAX};
}

RecorderSpec RecorderSpec::min_max_mva() {
  return {.aggregation = Aggregation::MOVING_AVERAGE};
}

RecorderSpec RecorderSpec::max_max() {
  return {.statistic = Statistic::MAX};
}

RecorderSpec RecorderSpec::max_mva() {
  return {.statistic = Statistic::MAX, .aggregation = Aggregation::MOVING_AVERAGE};
}

RecorderSpec RecorderSpec::percentile(double percent) {
  RecorderSpec spec = from_histogram(RangeRule::PERCENTILE);
  spec.percent = percent;
  return spec;
}

RecorderSpec RecorderSpec::mse() {
  return from_histogram(RangeRule::MSE);
}

RecorderSpec RecorderSpec::entropy() {
  return from_histogram(RangeRule::ENTROPY);
}

RecorderSpec RecorderSpec::learned() {
  return from_histogram(RangeRule::LEARNED);
}

RecorderSpec nnabla_exact(RecorderSpec spec) {
  OCTET_INTERNAL_CHECK(spec.statistic != Statistic::HISTOGRAM);
  spec.bias_correction = false;
  spec.rule = spec.statistic == Statistic::MIN_MAX ? RangeRule::SPAN : RangeRule::MAX_ONLY;
  return spec;
}

RecorderSpec recorder_spec(std::string_view name) {
  constexpr std::string_view kSuffix = "RecorderCallback";
  std::string_view stem = name;
  if (stem.ends_with(kSuffix)) stem.remove_suffix(kSuffix.size());
  std::vector<std::string_view> names;
  for (const Named& row : table()) {
    if (row.name == stem) return row.spec;
    names.push_back(row.name);
  }
  throw_error("recorder", "'{}' is not one of {}", name, fmt::join(names, ", "));
}

std::string_view name_of(const RecorderSpec& spec) {
  for (const Named& row : table()) {
    RecorderSpec same_figures = row.spec;
    same_figures.decay = spec.decay;
    same_figures.bias_correction = spec.bias_correction;
    same_figures.percent = spec.percent;
    if (same_figures == spec) return row.name;
  }
  throw_error("recorder",
              "this combination of statistic {}, aggregation {} and rule {} has no name",
              static_cast<int>(spec.statistic), static_cast<int>(spec.aggregation),
              static_cast<int>(spec.rule));
}

void validate(const RecorderSpec& spec, std::string_view where) {
  OCTET_CHECK(spec.decay >= 0 && spec.decay < 1, where, "the decay {} is outside of [0, 1)",
              spec.decay);
  OCTET_CHECK(spec.percent > 0 && spec.percent <= 100, where,
              "the percentile {} is outside of (0, 100]", spec.percent);
  const bool has_histogram = spec.statistic == Statistic::HISTOGRAM;
  OCTET_CHECK(has_histogram || !needs_histogram(spec.rule), where,
              "the rule of this recorder needs a histogram, and it does not record one");
  OCTET_CHECK(!has_histogram || spec.aggregation == Aggregation::EXTREME, where,
              "a histogram adds up; it has no moving average");
}

bool is_learned(const RecorderSpec& spec) {
  return spec.rule == RangeRule::LEARNED;
}

}  // namespace octet
