// The subcommands of the program. Each function adds one: its options, and what happens when the
// command line names it.
#pragma once

#include <CLI/CLI.hpp>
#include <stdexcept>
#include <string>

namespace octet::cli {

// A check that was asked for does not hold: exit code 1.
class CheckFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A signal ended a training whose state is in a checkpoint: exit code 128 + signal, as shells have
// it for a process that a signal kills.
class Interrupted : public std::runtime_error {
 public:
  Interrupted(const std::string& message, int signal)
      : std::runtime_error(message), signal_(signal) {}
  int exit_code() const { return 128 + signal_; }

 private:
  int signal_;
};

void add_train_command(CLI::App& program);
void add_qat_command(CLI::App& program);
void add_eval_command(CLI::App& program);
void add_run_command(CLI::App& program);
void add_convert_command(CLI::App& program);
void add_inspect_command(CLI::App& program);
void add_verify_command(CLI::App& program);
void add_lint_command(CLI::App& program);
void add_bench_command(CLI::App& program);

}  // namespace octet::cli
