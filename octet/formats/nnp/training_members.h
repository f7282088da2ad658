// The members of a .nnp that only a training needs: see NnpWriteOptions in nnp.h.
#pragma once

#include "octet/formats/archive.h"
#include "octet/formats/nnp/nnp.h"

namespace octet {

// "training_Momentum_optimizer.h5.optimizer", as NNabla writes it: the datasets W/m, W/t, ...
ArchiveMember solver_member(const StoredSolverState& state);

// "training.h5.octet".
ArchiveMember training_member(const ParameterStore& parameters);

}  // namespace octet
