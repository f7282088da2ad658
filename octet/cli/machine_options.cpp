#include "octet/cli/machine_options.h"
#include "octet/cli/number_options.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include "octet/base/error.h"
#include "octet/plan/plan_engine.h"

namespace octet::cli {

void add_machine_options(CLI::App& command, MachineOptions& options) {
  command.add_option("--threads", options.threads, "Threads to compute with; 0 chooses")
      ->check(count_between(0, 1024));
  command.add_option("--device", options.device, "Where to compute")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
}

void add_engine_option(CLI::App& command, MachineOptions& options) {
  command
      .add_option("--engine", options.engine,
                  "plan: compiled, quick, on CPUs; reference: operation by operation")
      ->check(CLI::IsMember({"plan", "reference"}))
      ->capture_default_str();
}

std::shared_ptr<Engine> make_engine(const MachineOptions& options) {
  if (options.engine == "reference") return nullptr;
  return std::make_shared<plan::PlanEngine>();
}

c10::Device use_machine(const MachineOptions& options) {
  if (options.threads > 0) at::set_num_threads(options.threads);
  if (options.device == "cpu") return c10::kCPU;
  OCTET_CHECK(at::hasCUDA(), "--device", "cuda: this libtorch has no CUDA, or there is no GPU");
  return {c10::kCUDA, 0};
}

}  // namespace octet::cli
