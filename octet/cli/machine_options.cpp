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

void add_training_engine_options(CLI::App& command, MachineOptions& options) {
  add_engine_option(command, options);
  command
      .add_option("--gradients", options.gradients,
                  "Arithmetic of quantized layers' gradients in plans; auto: bfloat16 where the "
                  "processor has it")
      ->check(CLI::IsMember({"auto", "float32", "bfloat16"}))
      ->capture_default_str();
}

std::shared_ptr<Engine> make_engine(const MachineOptions& options) {
  using plan::GradientArithmetic;
  if (options.engine == "reference") {
    OCTET_CHECK(options.gradients == "auto", "--gradients",
                "{}: --engine reference computes in float32", options.gradients);
    return nullptr;
  }
  GradientArithmetic gradients = GradientArithmetic::kAutomatic;
  if (options.gradients == "float32") gradients = GradientArithmetic::kFloat32;
  if (options.gradients == "bfloat16") gradients = GradientArithmetic::kBFloat16;
  return std::make_shared<plan::PlanEngine>(plan::PlanEngineOptions{.gradients = gradients});
}

c10::Device use_machine(const MachineOptions& options) {
  if (options.threads > 0) at::set_num_threads(options.threads);
  if (options.device == "cpu") return c10::kCPU;
  OCTET_CHECK(at::hasCUDA(), "--device", "cuda: this libtorch has no CUDA, or there is no GPU");
  return {c10::kCUDA, 0};
}

}  // namespace octet::cli
