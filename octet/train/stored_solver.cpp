#include "octet/train/stored_solver.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "octet/base/error.h"

namespace octet {

bool restore_solver(Solver& solver, const std::vector<StoredSolverState>& states,
                    const std::string& where) {
  const auto stored = std::ranges::find(states, solver.type(), &StoredSolverState::solver);
  if (stored == states.end()) return false;
  SolverState state{solver.type(), solver.learning_rate(), solver.initial_learning_rate(), {}};
  for (const std::string& name : solver.parameter_names()) {
    const auto found = stored->parameters.find(name);
    if (found == stored->parameters.end()) continue;
    state.parameters[name] = {found->second.step, found->second.tensors};
  }
  try {
    solver.set_state(state);
  } catch (const Error& error) {
    throw_error(where, "the state of its solver does not fit: {}", error.what());
  }
  return true;
}

StoredSolverState stored_state(const Solver& solver) {
  const SolverState state = solver.state();
  StoredSolverState result{state.solver, {}};
  for (const auto& [name, of_parameter] : state.parameters) {
    result.parameters[name] = {of_parameter.step, of_parameter.tensors};
  }
  return result;
}

}  // namespace octet
