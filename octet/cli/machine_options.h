// Where and with how many threads to compute.
#pragma once

#include <c10/core/Device.h>

#include <CLI/CLI.hpp>
#include <string>

namespace octet::cli {

struct MachineOptions {
  int threads = 0;  // 0: as many as libtorch chooses
  std::string device = "cpu";
};

// --threads and --device.
void add_machine_options(CLI::App& command, MachineOptions& options);

// Sets the number of threads and returns the device. Throws Error for CUDA where there is none.
c10::Device use_machine(const MachineOptions& options);

}  // namespace octet::cli
