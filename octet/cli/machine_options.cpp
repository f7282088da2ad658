#include "octet/cli/machine_options.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include "octet/base/error.h"

namespace octet::cli {

void add_machine_options(CLI::App& command, MachineOptions& options) {
  command.add_option("--threads", options.threads, "Threads to compute with; 0 chooses")
      ->check(CLI::Range(0, 1024));
  command.add_option("--device", options.device, "Where to compute")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
}

c10::Device use_machine(const MachineOptions& options) {
  if (options.threads > 0) at::set_num_threads(options.threads);
  if (options.device == "cpu") return c10::kCPU;
  OCTET_CHECK(at::hasCUDA(), "--device", "cuda: this libtorch has no CUDA, or there is no GPU");
  return {c10::kCUDA, 0};
}

}  // namespace octet::cli
