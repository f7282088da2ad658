// The subcommands of the program. Each function adds one: its options, and what happens when the
// command line names it.
#pragma once

#include <CLI/CLI.hpp>

namespace octet::cli {

void add_train_command(CLI::App& program);
void add_qat_command(CLI::App& program);
void add_eval_command(CLI::App& program);
void add_inspect_command(CLI::App& program);
void add_bench_command(CLI::App& program);

}  // namespace octet::cli
