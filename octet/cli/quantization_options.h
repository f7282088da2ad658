// --preset, --config and --recording-steps, for the subcommands that quantize.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "octet/qat/qat_config.h"

namespace octet::cli {

struct QuantizationOptions {
  std::string preset = "default";
  std::string config;           // a TOML file with QATConfig's fields, on top of the preset
  int64_t recording_steps = 0;  // 0: as the config says
};

// --preset and --config.
void add_config_options(CLI::App& command, QuantizationOptions& options);
// All three.
void add_quantization_options(CLI::App& command, QuantizationOptions& options);

// Throws FileError for a bad config file, Error for a config that makes no sense. `steps`: those of
// the whole training; where neither the file nor --recording-steps says when quantized training
// begins, ranges are recorded for a tenth of them, 100 at most. 0: the number is not known.
QATConfig read_config(const QuantizationOptions& options, int64_t steps = 0);

}  // namespace octet::cli
