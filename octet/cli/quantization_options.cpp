#include "octet/cli/quantization_options.h"

namespace octet::cli {

void add_quantization_options(CLI::App& command, QuantizationOptions& options) {
  command.add_option("--preset", options.preset, "For whom to quantize")
      ->check(CLI::IsMember({"default", "tensorrt", "onnxruntime"}))
      ->capture_default_str();
  command.add_option("--config", options.config, "A TOML file with fields of QATConfig");
  command
      .add_option("--recording-steps", options.recording_steps,
                  "Steps in which ranges are recorded, in place of the config's")
      ->check(CLI::PositiveNumber);
}

QATConfig read_config(const QuantizationOptions& options) {
  QATConfig config = qat_preset(options.preset);
  if (!options.config.empty()) read_config_file(options.config, config);
  if (options.recording_steps > 0) {
    config.niter_to_training = config.niter_to_recording + options.recording_steps;
  }
  config.validate();
  return config;
}

}  // namespace octet::cli
