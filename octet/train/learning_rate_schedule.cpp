#include "octet/train/learning_rate_schedule.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>

#include "octet/base/error.h"

namespace octet {

namespace {

constexpr const char* kWhere = "schedule";

// How far the schedule is, 0 to 1.
double progress(const Schedule& schedule, int64_t step) {
  return std::min(1.0, static_cast<double>(step) / static_cast<double>(schedule.max_steps));
}

// What the base rate is multiplied with after the warm-up.
double factor_at(const Schedule& schedule, int64_t step) {
  switch (schedule.kind) {
    case ScheduleKind::kConstant:
      return 1;
    case ScheduleKind::kStep: {
      const auto& at = schedule.milestones;
      const auto passed = std::upper_bound(at.begin(), at.end(), step) - at.begin();
      return std::pow(schedule.gamma, static_cast<double>(passed));
    }
    case ScheduleKind::kCosine:
      return (1 + std::cos(std::numbers::pi * progress(schedule, step))) / 2;
    case ScheduleKind::kPolynomial:
      return std::pow(1 - progress(schedule, step), schedule.power);
    case ScheduleKind::kExponential:
      return std::pow(schedule.gamma, static_cast<double>(step / schedule.interval));
  }
  OCTET_INTERNAL_CHECK(false);
  return 0;
}

double parse_number(const std::string& digits, const std::string& text) {
  double value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  OCTET_CHECK(error == std::errc() && stop == end, kWhere, "'{}' in '{}' is not a number", digits,
              text);
  return value;
}

}  // namespace

void check_schedule(const Schedule& schedule) {
  OCTET_CHECK(schedule.warmup_steps >= 0, kWhere, "warmup_steps must be 0 or more, not {}",
              schedule.warmup_steps);
  OCTET_CHECK(schedule.max_steps >= 1, kWhere, "max_steps must be 1 or more, not {}",
              schedule.max_steps);
  OCTET_CHECK(schedule.interval >= 1, kWhere, "interval must be 1 or more, not {}",
              schedule.interval);
  OCTET_CHECK(std::isfinite(schedule.gamma) && schedule.gamma > 0, kWhere,
              "gamma must be greater than 0, not {}", schedule.gamma);
  OCTET_CHECK(std::isfinite(schedule.power) && schedule.power > 0, kWhere,
              "power must be greater than 0, not {}", schedule.power);
  OCTET_CHECK(std::is_sorted(schedule.milestones.begin(), schedule.milestones.end()), kWhere,
              "milestones must ascend, not {}", fmt::join(schedule.milestones, ", "));
}

double learning_rate_at(const Schedule& schedule, double base, int64_t step) {
  check_schedule(schedule);
  OCTET_CHECK(step >= 0, kWhere, "the step must be 0 or more, not {}", step);
  if (step < schedule.warmup_steps) {
    return base * static_cast<double>(step + 1) / static_cast<double>(schedule.warmup_steps);
  }
  return base * factor_at(schedule, step - schedule.warmup_steps);
}

Schedule parse_schedule(const std::string& text, int64_t total_steps, int64_t warmup_steps) {
  const size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  const bool has_value = colon != std::string::npos;
  const double value = has_value ? parse_number(text.substr(colon + 1), text) : 0;
  Schedule schedule;
  schedule.warmup_steps = warmup_steps;
  const int64_t steps = std::max<int64_t>(1, total_steps - warmup_steps);
  schedule.max_steps = steps;
  if (name == "constant" && !has_value) {
    schedule.kind = ScheduleKind::kConstant;
  } else if (name == "cosine" && !has_value) {
    schedule.kind = ScheduleKind::kCosine;
  } else if (name == "polynomial") {
    schedule.kind = ScheduleKind::kPolynomial;
    if (has_value) schedule.power = value;
  } else if (name == "step") {
    schedule.kind = ScheduleKind::kStep;
    schedule.milestones = {steps / 2, steps * 3 / 4};
    if (has_value) schedule.gamma = value;
  } else if (name == "exponential" && has_value) {
    OCTET_CHECK(value > 0, kWhere, "gamma must be greater than 0, not {}", value);
    schedule.kind = ScheduleKind::kExponential;
    schedule.gamma = std::pow(value, 1 / static_cast<double>(steps));
  } else {
    throw_error(kWhere,
                "'{}' is none of constant, cosine, polynomial[:POWER], step[:GAMMA], "
                "exponential:GAMMA",
                text);
  }
  check_schedule(schedule);
  return schedule;
}

}  // namespace octet
