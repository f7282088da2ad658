// The options of `octet verify --with`: which runtime, and how it runs the network.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "octet/targets/target.h"

namespace octet::cli {

struct RuntimeOptions {
  std::string with;                          // a name of runtimes(); "" for none
  std::string target;                        // one of the runtime's; "" is the first
  std::string level = "all";                 // of optimization: disable, basic, extended, all
  std::string values = "all";                // or integers, which leave it free to fuse; or none
  std::vector<std::string> session_options;  // KEY=VALUE of the session's configuration
};

// Adds --with and what needs it: --target, --optimization, --values, --session-option.
void add_runtime_options(CLI::App& command, RuntimeOptions& options);

// Throws Error "[--option] ..." for what the runtime has no use for. `model`: the file that it is
// to run, or that is exported for it.
void check_runtime_options(const RuntimeOptions& options, const std::string& model,
                           const CLI::App& command);

Target runtime_target(const RuntimeOptions& options);

// The further arguments of the runtime's script.
std::vector<std::string> script_arguments(const RuntimeOptions& options);

// "--with onnxruntime or --with nnabla": for messages.
std::string runtime_choice();

}  // namespace octet::cli
