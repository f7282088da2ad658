#include "octet/train/learning_rate_schedule.h"

#include <gtest/gtest.h>

#include <cmath>

#include "octet/base/error.h"

namespace octet {
namespace {

std::vector<double> rates(const Schedule& schedule, double base, const std::vector<int64_t>& at) {
  std::vector<double> result;
  for (const int64_t step : at) result.push_back(learning_rate_at(schedule, base, step));
  return result;
}

void expect_near(const std::vector<double>& actual, const std::vector<double>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-15) << i;
}

TEST(LearningRateSchedule, Constant) {
  expect_near(rates({}, 0.5, {0, 1, 1000}), {0.5, 0.5, 0.5});
}

TEST(LearningRateSchedule, StepMultipliesAtItsMilestones) {
  const Schedule schedule{.kind = ScheduleKind::kStep, .milestones = {10, 20}, .gamma = 0.5};
  expect_near(rates(schedule, 1, {0, 9, 10, 19, 20, 99}), {1, 1, 0.5, 0.5, 0.25, 0.25});
}

TEST(LearningRateSchedule, CosineGoesToZeroAndStaysThere) {
  const Schedule schedule{.kind = ScheduleKind::kCosine, .max_steps = 100};
  expect_near(rates(schedule, 2, {0, 50, 100, 200}), {2, 1, 0, 0});
  EXPECT_NEAR(learning_rate_at(schedule, 2, 25), 1 + std::sqrt(0.5), 1e-15);
}

TEST(LearningRateSchedule, Polynomial) {
  const Schedule schedule{.kind = ScheduleKind::kPolynomial, .max_steps = 4, .power = 2};
  expect_near(rates(schedule, 1, {0, 1, 2, 3, 4, 5}), {1, 0.5625, 0.25, 0.0625, 0, 0});
}

TEST(LearningRateSchedule, ExponentialByIntervals) {
  const Schedule schedule{.kind = ScheduleKind::kExponential, .gamma = 0.5, .interval = 3};
  expect_near(rates(schedule, 1, {0, 2, 3, 5, 6}), {1, 1, 0.5, 0.5, 0.25});
}

TEST(LearningRateSchedule, WarmsUpBeforeTheSchedulesOwnFirstStep) {
  const Schedule schedule{.kind = ScheduleKind::kPolynomial, .max_steps = 2, .warmup_steps = 4};
  expect_near(rates(schedule, 1, {0, 1, 2, 3, 4, 5, 6}), {0.25, 0.5, 0.75, 1, 1, 0.5, 0});
}

TEST(LearningRateSchedule, FromText) {
  EXPECT_EQ(parse_schedule("constant", 100), (Schedule{.max_steps = 100}));
  EXPECT_EQ(parse_schedule("cosine", 100, 10),
            (Schedule{.kind = ScheduleKind::kCosine, .max_steps = 90, .warmup_steps = 10}));
  EXPECT_EQ(parse_schedule("polynomial:2", 100),
            (Schedule{.kind = ScheduleKind::kPolynomial, .max_steps = 100, .power = 2}));
  EXPECT_EQ(
      parse_schedule("step:0.2", 100),
      (Schedule{
          .kind = ScheduleKind::kStep, .milestones = {50, 75}, .gamma = 0.2, .max_steps = 100}));
  EXPECT_NEAR(learning_rate_at(parse_schedule("exponential:0.01", 100), 1, 100), 0.01, 1e-12);
}

template <class Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(LearningRateSchedule, SaysWhatIsWrong) {
  EXPECT_EQ(message_of([] { parse_schedule("cosin", 10); }),
            "[schedule] 'cosin' is none of constant, cosine, polynomial[:POWER], step[:GAMMA], "
            "exponential:GAMMA");
  EXPECT_EQ(message_of([] { parse_schedule("step:fast", 10); }),
            "[schedule] 'fast' in 'step:fast' is not a number");
  EXPECT_EQ(message_of([] { parse_schedule("exponential:0", 10); }),
            "[schedule] gamma must be greater than 0, not 0");
  EXPECT_EQ(message_of([] { parse_schedule("polynomial:-1", 10); }),
            "[schedule] power must be greater than 0, not -1");
  EXPECT_EQ(message_of([] { parse_schedule("cosine", 10, -1); }),
            "[schedule] warmup_steps must be 0 or more, not -1");
  EXPECT_EQ(message_of([] { learning_rate_at({}, 1, -3); }),
            "[schedule] the step must be 0 or more, not -3");
  EXPECT_EQ(message_of([] { learning_rate_at({.max_steps = 0}, 1, 0); }),
            "[schedule] max_steps must be 1 or more, not 0");
  EXPECT_EQ(message_of([] { learning_rate_at({.interval = 0}, 1, 0); }),
            "[schedule] interval must be 1 or more, not 0");
  EXPECT_EQ(message_of([] {
              learning_rate_at({.milestones = {3, 2}}, 1, 0);
            }),
            "[schedule] milestones must ascend, not 3, 2");
}

}  // namespace
}  // namespace octet
