// Checkpoints: all that a training needs to go on, bit for bit, as if it had never stopped.
//
// A checkpoint is one ZIP archive without compression: `checkpoint.json` (version 1) says what
// there is, every tensor is a .npy member named there, every random state a member of raw bytes.
// So it can be looked into with unzip and numpy.load.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "octet/graph/parameter_store.h"
#include "octet/train/data_loader.h"
#include "octet/train/solver.h"
#include "octet/train/weight_average.h"

namespace octet {

struct Checkpoint {
  int64_t step = 0;  // updates done
  std::vector<Parameter> parameters;
  SolverState solver;
  // The quantization scheduler's own: its counters and stage as JSON.
  std::string scheduler;
  // RandomState::save() of each source of random numbers, by a name of the caller's.
  std::map<std::string, std::string> random_states;
  DataLoader::State data_loader;
  std::optional<WeightAverage::State> weight_average;
  // Whatever else the caller wants back: rewritten graphs in text form, options.
  std::map<std::string, std::string> texts;
};

// Written beside `path` and renamed, so that a crash leaves the checkpoint before. Throws FileError
// where the file cannot be written, Error for a tensor whose element type .npy does not have.
void save_checkpoint(const std::string& path, const Checkpoint& checkpoint);

// All tensors are on the CPU. Throws FileError, with the file and the member that is at fault, for
// anything but a whole checkpoint.
Checkpoint load_checkpoint(const std::string& path);

// Copies of all parameters of the store.
std::vector<Parameter> copy_parameters(const ParameterStore& store);
// Writes the values into the store: in place where a parameter of that name exists, so that
// networks and solvers see them; others are added. Parameters that are not in the list stay. Throws
// Error, without having changed anything, where a shape differs.
void restore_parameters(const std::vector<Parameter>& parameters, ParameterStore& store);

}  // namespace octet
