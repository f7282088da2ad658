// Solvers by name, for programs that take the choice from their user.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "octet/train/solver.h"

namespace octet {

// What is not set stays at the solver's own default.
struct SolverSettings {
  std::string name = "momentum";
  double learning_rate = 0.01;
  std::optional<double> momentum = {};  // of momentum, nesterov and lars
};

// sgd, momentum, nesterov, adam, adamw, rmsprop, lars.
const std::vector<std::string>& solver_names();

// Throws Error, with the known names, for an unknown one; for values out of the solver's range; and
// for a momentum given to a solver that has none.
std::unique_ptr<Solver> make_solver(const SolverSettings& settings);

}  // namespace octet
