// The program `octet`: see commands.h. Exit codes: 0 done, 1 a check that was asked for does not
// hold, 2 wrong use, 3 bad or missing input file, 4 it ran and failed, 128 + signal
// stopped by it with a checkpoint written.
#include <algorithm>
#include <iostream>

#include "octet/base/error.h"
#include "octet/cli/commands.h"
#include "octet/formats/nnp/parameter_hdf5.h"

namespace octet::cli {
namespace {

constexpr int kCheckFailed = 1;
constexpr int kWrongUse = 2;
constexpr int kBadFile = 3;
constexpr int kFailed = 4;

// One line on stderr; libraries below add a stack trace after the first.
int report_error(const std::string& message, int exit_code) {
  std::cerr << "octet: error: " << message.substr(0, message.find('\n')) << std::endl;
  return exit_code;
}

// CLI11 would only say that a subcommand is required.
void check_subcommand(const CLI::App& program, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  std::vector<std::string> names;
  for (const CLI::App* command : program.get_subcommands(nullptr)) {
    names.push_back(command->get_name());
  }
  const bool known = std::find(names.begin(), names.end(), argv[1]) != names.end();
  OCTET_CHECK(known, "command line", "there is no subcommand '{}'; there are {}", argv[1],
              fmt::join(names, ", "));
}

int run(int argc, char** argv) {
  CLI::App program("Quantization-aware training: from a float network to one of 8-bit integers.",
                   "octet");
  program.set_version_flag("--version", "octet " OCTET_VERSION);
  program.require_subcommand(1);
  add_train_command(program);
  add_qat_command(program);
  add_eval_command(program);
  add_run_command(program);
  add_convert_command(program);
  add_inspect_command(program);
  add_verify_command(program);
  add_lint_command(program);
  add_bench_command(program);
  try {
    check_subcommand(program, argc, argv);
    program.parse(argc, argv);
    return 0;
  } catch (const CLI::ParseError& error) {
    // --help and --version come as errors of code 0.
    if (error.get_exit_code() == 0) return program.exit(error);
    return report_error(fmt::format("[command line] {}", error.what()), kWrongUse);
  } catch (const CheckFailure& error) {
    return report_error(error.what(), kCheckFailed);
  } catch (const Interrupted& stop) {
    std::cerr << "octet: " << stop.what() << std::endl;
    return stop.exit_code();
  } catch (const FileError& error) {
    return report_error(error.what(), kBadFile);
  } catch (const Error& error) {
    return report_error(error.what(), kWrongUse);
  } catch (const std::exception& error) {
    return report_error(error.what(), kFailed);
  }
}

}  // namespace
}  // namespace octet::cli

int main(int argc, char** argv) {
  octet::leave_hdf5_as_it_is_at_exit();
  return octet::cli::run(argc, argv);
}
