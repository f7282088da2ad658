#include "octet/cli/quantization_options.h"
#include "octet/cli/number_options.h"

#include <algorithm>

namespace octet::cli {

void add_config_options(CLI::App& command, QuantizationOptions& options) {
  command.add_option("--preset", options.preset, "For whom to quantize")
      ->check(CLI::IsMember({"default", "tensorrt", "onnxruntime"}))
      ->capture_default_str();
  command.add_option("--config", options.config, "A TOML file with fields of QATConfig");
}

void add_quantization_options(CLI::App& command, QuantizationOptions& options) {
  add_config_options(command, options);
  command
      .add_option("--recording-steps", options.recording_steps,
                  "Steps in which ranges are recorded, in place of the config's; without "
                  "either a tenth of all steps, 100 at most")
      ->check(positive_count());
}

QATConfig read_config(const QuantizationOptions& options, int64_t steps) {
  QATConfig config = qat_preset(options.preset);
  const int64_t usual = config.niter_to_training - config.niter_to_recording;
  std::set<std::string> given;
  if (!options.config.empty()) given = read_config_file(options.config, config);
  if (options.recording_steps > 0) {
    config.niter_to_training = config.niter_to_recording + options.recording_steps;
  } else if (!given.contains("niter_to_training")) {
    const int64_t share = steps > 0 ? std::max<int64_t>(1, steps / 10) : usual;
    config.niter_to_training = config.niter_to_recording + std::min(usual, share);
  }
  config.validate();
  return config;
}

}  // namespace octet::cli
