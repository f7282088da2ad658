// Where and with how many threads to compute.
#pragma once

#include <c10/core/Device.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "octet/graph/engine.h"

namespace octet::cli {

struct MachineOptions {
  int threads = 0;  // 0: as many as libtorch chooses
  std::string device = "cpu";
  std::string engine = "plan";
  std::string gradients = "auto";
};

// --threads and --device.
void add_machine_options(CLI::App& command, MachineOptions& options);
// --engine, for commands that run networks for their results.
void add_engine_option(CLI::App& command, MachineOptions& options);

// --engine and --gradients, for commands that train.
void add_training_engine_options(CLI::App& command, MachineOptions& options);

// The engine that --engine names; null for the reference interpreter. Throws Error "[gradients]
// ..." for arithmetic that this processor lacks.
std::shared_ptr<Engine> make_engine(const MachineOptions& options);

// Sets the number of threads and returns the device. Throws Error for CUDA where there is none.
c10::Device use_machine(const MachineOptions& options);

}  // namespace octet::cli
