// Learning rates over the steps of a training, as plain data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace octet {

enum class ScheduleKind {
  kConstant,
  kStep,         // base * gamma^(number of milestones <= step)
  kCosine,       // base * (1 + cos(pi * step / max_steps)) / 2
  kPolynomial,   // base * (1 - step / max_steps)^power
  kExponential,  // base * gamma^(step / interval), the quotient rounded down
};

// `step` in the formulas counts from 0 after the warm-up. Cosine: I. Loshchilov, F. Hutter, "SGDR:
// Stochastic Gradient Descent with Warm Restarts", 2017, eq. 5, one cycle down to 0.
struct Schedule {
  ScheduleKind kind = ScheduleKind::kConstant;
  std::vector<int64_t> milestones = {};  // kStep: ascending
  double gamma = 0.1;                    // kStep, kExponential
  int64_t interval = 1;                  // kExponential: steps between two multiplications
  int64_t max_steps = 1;                 // kCosine, kPolynomial: the rate is 0 from there on
  double power = 1;                      // kPolynomial
  // Linear warm-up around any of them: base * (step + 1) / warmup_steps for that many steps, after
  // which the schedule begins at its own step 0 (P. Goyal et al., "Accurate, Large Minibatch SGD",
  // 2017, section 2.2).
  int64_t warmup_steps = 0;

  bool operator==(const Schedule&) const = default;
};

// The learning rate for the update that comes after `step` others. Throws Error for a negative step
// and for a schedule outside its bounds.
double learning_rate_at(const Schedule& schedule, double base, int64_t step);

// Throws Error for a schedule that cannot be.
void check_schedule(const Schedule& schedule);

// A schedule over `total_steps` updates, `warmup_steps` of them the warm-up, from a name:
//   constant | cosine | polynomial | polynomial:POWER | step | step:GAMMA | exponential:GAMMA
// step multiplies by GAMMA (0.1) after one half and after three quarters of the steps that follow
// the warm-up; exponential is spread so that the rate ends at base * GAMMA. Throws Error for
// anything else.
Schedule parse_schedule(const std::string& text, int64_t total_steps, int64_t warmup_steps = 0);

}  // namespace octet
