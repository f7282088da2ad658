// Each solver's rule on numbers worked out by hand, or against its formula in plain doubles.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "octet/base/error.h"
#include "octet/train/adam.h"
#include "octet/train/adamw.h"
#include "octet/train/lars.h"
#include "octet/train/momentum.h"
#include "octet/train/nesterov.h"
#include "octet/train/rmsprop.h"
#include "octet/train/sgd.h"
#include "octet/train/solver_factory.h"

namespace octet {
namespace {

// A single weight in double precision, with the gradients given one by one.
class OneWeight {
 public:
  OneWeight(Solver& solver, double value, bool decays = true) : solver_(solver) {
    parameter_ = {"w", at::full({1}, value, at::kDouble).set_requires_grad(true), true};
    parameter_.decays = decays;
    solver_.set_parameters({parameter_});
  }
  double step(double gradient, double weight_decay = 0) {
    parameter_.value.mutable_grad() = at::full({1}, gradient, at::kDouble);
    solver_.weight_decay(weight_decay);
    solver_.update();
    return parameter_.value.item<double>();
  }

 private:
  Solver& solver_;
  Parameter parameter_;
};

// Roundings of a few operations in double precision.
constexpr double kTolerance = 1e-14;

TEST(Sgd, SubtractsTheScaledGradient) {
  Sgd solver({.learning_rate = 0.5});
  OneWeight w(solver, 1);
  EXPECT_DOUBLE_EQ(w.step(2), 0);
  EXPECT_DOUBLE_EQ(w.step(-3), 1.5);
  EXPECT_DOUBLE_EQ(w.step(1, /*weight_decay=*/2), -0.5);
}

TEST(Momentum, KeepsTheLearningRateInside) {
  Momentum solver({.learning_rate = 0.5, .momentum = 0.5});
  OneWeight w(solver, 1);
  EXPECT_DOUBLE_EQ(w.step(2), 0);  // v = 1
  solver.set_learning_rate(0.25);
  EXPECT_DOUBLE_EQ(w.step(2), -1);  // v = 0.5 * 1 + 0.25 * 2: the old v at its old rate
  EXPECT_DOUBLE_EQ(w.step(0), -1.5);
}

// A constant gradient g: after n steps v = lr * g * (1 - m^n) / (1 - m).
TEST(Momentum, ReachesTheClosedForm) {
  Momentum solver({.learning_rate = 0.1, .momentum = 0.9});
  OneWeight w(solver, 0);
  double expected = 0;
  for (int n = 1; n <= 20; ++n) {
    expected -= 0.1 * 3 * (1 - std::pow(0.9, n)) / (1 - 0.9);
    EXPECT_NEAR(w.step(3), expected, 1e-13);
  }
}

TEST(Nesterov, LooksAhead) {
  Nesterov solver({.learning_rate = 0.5, .momentum = 0.5});
  OneWeight w(solver, 1);
  // v = -1; w = 1 - 0.5 * 0 + 1.5 * -1
  EXPECT_DOUBLE_EQ(w.step(2), -0.5);
  // v = -0.5 - 0.5 = -1; w = -0.5 + 0.5 * 1 - 1.5 = -1.5
  EXPECT_DOUBLE_EQ(w.step(1), -1.5);
}

TEST(Adam, MovesByTheRateAtFirst) {
  // m / sqrt(v) is the gradient's sign after the first step, whatever its size.
  Adam solver({.learning_rate = 0.1, .eps = 1e-30});
  OneWeight w(solver, 1);
  EXPECT_NEAR(w.step(1e-3), 0.9, kTolerance);
}

TEST(Adam, FollowsTheFormula) {
  const double lr = 0.1, b1 = 0.8, b2 = 0.9, eps = 0.1;
  Adam solver({.learning_rate = lr, .beta1 = b1, .beta2 = b2, .eps = eps});
  OneWeight w(solver, 1);
  double m = 0, v = 0, expected = 1;
  for (int t = 1; t <= 5; ++t) {
    const double g = t % 2 ? 0.7 : -0.2;
    m = b1 * m + (1 - b1) * g;
    v = b2 * v + (1 - b2) * g * g;
    expected -=
        lr * std::sqrt(1 - std::pow(b2, t)) / (1 - std::pow(b1, t)) * m / (std::sqrt(v) + eps);
    EXPECT_NEAR(w.step(g), expected, kTolerance);
  }
}

TEST(Adam, CountsTheUpdatesOfEachParameter) {
  const auto make = [](const char* name) {
    return Parameter{name, at::zeros({1}, at::kDouble).set_requires_grad(true), true};
  };
  const Parameter early = make("early");
  const Parameter late = make("late");
  Adam solver({.learning_rate = 0.1, .eps = 1e-30});
  solver.set_parameters({early, late});
  for (int i = 0; i < 3; ++i) {
    solver.zero_grad();
    early.value.mutable_grad() = at::ones({1}, at::kDouble);
    if (i == 2) late.value.mutable_grad() = at::ones({1}, at::kDouble);
    solver.update();
  }
  EXPECT_NEAR(early.value.item<double>(), -0.3, kTolerance);
  EXPECT_NEAR(late.value.item<double>(), -0.1, kTolerance);
}

TEST(AdamW, DecaysTheWeightItself) {
  AdamW solver({.learning_rate = 0.1, .eps = 1e-30, .weight_decay = 0.5});
  OneWeight w(solver, 2);
  EXPECT_NEAR(w.step(3), 2 - 0.1 - 0.5 * 2, kTolerance);
  // The decay follows the schedule: at a tenth of the first rate, a tenth of the decay.
  solver.set_learning_rate(0.01);
  EXPECT_NEAR(w.step(3), 0.9 - 0.01 - 0.05 * 0.9, kTolerance);
}

TEST(RMSprop, FollowsTheFormula) {
  RMSprop solver({.learning_rate = 0.1, .decay = 0.75, .eps = 0.5});
  OneWeight w(solver, 1);
  EXPECT_NEAR(w.step(2), 1 - 0.1 * 2 / (1 + 0.5), kTolerance);  // v = 1
  const double v = 0.75 * 1 + 0.25 * 9;
  EXPECT_NEAR(w.step(-3), 1 - 0.2 / 1.5 + 0.3 / (std::sqrt(v) + 0.5), kTolerance);
}

TEST(Lars, ScalesTheRateByTheNorms) {
  Lars solver({.learning_rate = 0.5, .momentum = 0.5, .coefficient = 0.1});
  OneWeight w(solver, 4);
  // rate = 0.5 * 0.1 * 4 / (2 + 0.25 * 4); v = rate * (2 + 0.25 * 4)
  const double v = 0.5 * 0.1 * 4;
  EXPECT_NEAR(w.step(2, /*weight_decay=*/0.25), 4 - v, kTolerance);
  // The decay was for that update alone: rate = 0.5 * 0.1 * 3.8 / 1.
  EXPECT_NEAR(w.step(1), 4 - v - (0.5 * v + 0.5 * 0.1 * (4 - v)), kTolerance);
}

TEST(Lars, UsesTheBareRateForWeightsOfZero) {
  Lars solver({.learning_rate = 0.5});
  OneWeight w(solver, 0);
  EXPECT_NEAR(w.step(2), -1, kTolerance);
}

TEST(Lars, DoesNotDivideByAGradientOfZero) {
  Lars solver({.learning_rate = 0.5, .momentum = 0});
  OneWeight w(solver, 3);
  EXPECT_DOUBLE_EQ(w.step(0), 3);
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

TEST(UpdateRules, SayWhatIsWrongWithTheirOptions) {
  EXPECT_EQ(message_of([] { Sgd({.learning_rate = -1}); }),
            "[Sgd] the learning rate must be 0 or more, not -1");
  EXPECT_EQ(message_of([] { Momentum({.momentum = 1}); }),
            "[Momentum] momentum must be at least 0 and less than 1, not 1");
  EXPECT_EQ(message_of([] { Nesterov({.momentum = -0.5}); }),
            "[Nesterov] momentum must be at least 0 and less than 1, not -0.5");
  EXPECT_EQ(message_of([] { Adam({.beta1 = 2}); }),
            "[Adam] beta1 must be at least 0 and less than 1, not 2");
  EXPECT_EQ(message_of([] { Adam({.eps = 0}); }), "[Adam] eps must be greater than 0, not 0");
  EXPECT_EQ(message_of([] { AdamW({.learning_rate = 0}); }),
            "[AdamW] the learning rate must be greater than 0, not 0");
  EXPECT_EQ(message_of([] { AdamW({.weight_decay = 3}); }),
            "[AdamW] weight_decay must be at least 0 and less than 1, not 3");
  EXPECT_EQ(message_of([] { RMSprop({.decay = 1.5}); }),
            "[RMSprop] decay must be at least 0 and less than 1, not 1.5");
  EXPECT_EQ(message_of([] { Lars({.coefficient = 0}); }),
            "[Lars] coefficient must be greater than 0, not 0");
  Lars lars;
  EXPECT_EQ(message_of([&] { lars.weight_decay(-1); }),
            "[Lars] the weight decay must be 0 or more, not -1");
}

// With `decays` false it moves as if the decay were 0.
TEST(UpdateRules, LeaveOutTheDecayWhereAParameterHasNone) {
  for (const std::string& name : solver_names()) {
    const auto plain = make_solver({.name = name, .learning_rate = 0.1});
    const auto decayed = make_solver({.name = name, .learning_rate = 0.1});
    const bool own_decay = name == "adamw";
    AdamW without({.learning_rate = 0.1, .weight_decay = 0});
    OneWeight expected(own_decay ? without : *plain, 3);
    OneWeight w(*decayed, 3, /*decays=*/false);
    for (const double gradient : {2.0, -1.0}) {
      EXPECT_DOUBLE_EQ(w.step(gradient, own_decay ? 0 : 0.25), expected.step(gradient)) << name;
    }
  }
}

TEST(SolverFactory, MakesEachByName) {
  std::vector<std::string> types;
  for (const std::string& name : solver_names()) {
    types.push_back(make_solver({.name = name, .learning_rate = 0.25})->type());
    EXPECT_EQ(make_solver({.name = name, .learning_rate = 0.25})->learning_rate(), 0.25);
  }
  EXPECT_EQ(types, (std::vector<std::string>{"Sgd", "Momentum", "Nesterov", "Adam", "AdamW",
                                             "RMSprop", "Lars"}));
}

TEST(SolverFactory, HandsTheMomentumOver) {
  const auto solver = make_solver({.name = "momentum", .learning_rate = 1, .momentum = 0.5});
  OneWeight w(*solver, 0);
  w.step(1);
  EXPECT_DOUBLE_EQ(w.step(0), -1.5);
}

TEST(SolverFactory, SaysWhatItDoesNotKnow) {
  EXPECT_EQ(message_of([] { make_solver({.name = "sdg"}); }),
            "[solver] 'sdg' is none of sgd, momentum, nesterov, adam, adamw, rmsprop, lars");
  EXPECT_EQ(message_of([] { make_solver({.name = "adam", .momentum = 0.9}); }),
            "[solver] adam has no momentum");
}

}  // namespace
}  // namespace octet
