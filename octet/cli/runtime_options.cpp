#include "octet/cli/runtime_options.h"

#include <algorithm>

#include "octet/base/error.h"
#include "octet/cli/option_checks.h"
#include "octet/cli/runtime_process.h"

namespace octet::cli {

namespace {

constexpr std::string_view kOnnxRuntime = "onnxruntime";

std::vector<std::string> runtime_names() {
  std::vector<std::string> names;
  for (const Runtime& runtime : runtimes()) names.emplace_back(runtime.name);
  return names;
}

CLI::Validator key_and_value() {
  return {[](const std::string& text) {
            const size_t equals = text.find('=');
            const bool good = equals != std::string::npos && equals > 0;
            return good ? std::string() : fmt::format("'{}' is not KEY=VALUE", text);
          },
          "KEY=VALUE"};
}

}  // namespace

void add_runtime_options(CLI::App& command, RuntimeOptions& options) {
  CLI::Option* with =
      command
          .add_option("--with", options.with,
                      "In place of a second model: run the first in this program (Python's)")
          ->check(CLI::IsMember(runtime_names()));
  command
      .add_option("--target", options.target,
                  "With --with: the target to export for; unless given, default for onnxruntime "
                  "and nnabla for nnabla")
      ->needs(with)
      ->check(CLI::IsMember({"default", "nnabla", "tensorrt", "onnxruntime"}));
  command
      .add_option("--values", options.values,
                  "With --with: which values to compare beside the outputs; integers leave ONNX "
                  "Runtime free to fuse what is between them")
      ->needs(with)
      ->check(CLI::IsMember({"all", "integers", "none"}))
      ->capture_default_str();
  command
      .add_option("--optimization", options.level,
                  "With --with onnxruntime: its level of optimization")
      ->needs(with)
      ->check(CLI::IsMember({"disable", "basic", "extended", "all"}))
      ->capture_default_str();
  command
      .add_option("--session-option", options.session_options,
                  "With --with onnxruntime: KEY=VALUE for its session, e.g. "
                  "session.x64quantprecision=1")
      ->needs(with)
      ->check(key_and_value());
}

void check_runtime_options(const RuntimeOptions& options, const std::string& model,
                           const CLI::App& command) {
  const Runtime& runtime = runtime_named(options.with);
  if (model.ends_with(runtime.extension)) {
    refuse_options(
        command, {"--target"},
        fmt::format("is for exporting A, which is a {} file already", runtime.extension));
  }
  OCTET_CHECK(options.target.empty() || std::ranges::count(runtime.targets, options.target) > 0,
              "--target", "{} runs what is written for {}, not for {}", runtime.title,
              fmt::join(runtime.targets, ", "), options.target);
  if (runtime.name == kOnnxRuntime) return;
  refuse_options(command, {"--optimization", "--session-option"},
                 fmt::format("is for ONNX Runtime; {} has no such thing", runtime.title));
  OCTET_CHECK(options.values != "integers", "--values",
              "integers is for ONNX Runtime; {} takes all or none", runtime.title);
}

Target runtime_target(const RuntimeOptions& options) {
  return parse_target(options.target.empty() ? runtime_named(options.with).targets[0]
                                             : options.target);
}

std::vector<std::string> script_arguments(const RuntimeOptions& options) {
  std::vector<std::string> arguments{"--values", options.values};
  if (options.with != kOnnxRuntime) return arguments;
  arguments.insert(arguments.end(), {"--level", options.level});
  for (const std::string& option : options.session_options) {
    arguments.insert(arguments.end(), {"--option", option});
  }
  return arguments;
}

std::string runtime_choice() {
  return fmt::format("--with {}", fmt::join(runtime_names(), " or --with "));
}

}  // namespace octet::cli
