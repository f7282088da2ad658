// A solver that goes on where the one in a .nnp stopped.
#pragma once

#include <string>
#include <vector>

#include "octet/formats/nnp/nnp.h"
#include "octet/train/solver.h"

namespace octet {

// Gives the solver the first of the states that is of its type(), as NNabla's load does: momenta
// and numbers of updates, while the learning rate stays the solver's own. States of parameters that
// it does not train are left out; parameters without one begin anew. False, and nothing is done, if
// no state is of its type. Throws Error, prefixed with `where`, for a state of another shape than
// its parameter, and for one that lacks what this type of solver keeps.
bool restore_solver(Solver& solver, const std::vector<StoredSolverState>& states,
                    const std::string& where);

// The solver's state as write_nnp takes it.
StoredSolverState stored_state(const Solver& solver);

}  // namespace octet
