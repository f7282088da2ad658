// What the subcommands train and qat have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "octet/cli/data_options.h"
#include "octet/cli/file_options.h"
#include "octet/cli/machine_options.h"
#include "octet/cli/report.h"
#include "octet/train/trainer.h"

namespace octet::cli {

struct TrainingOptions {
  std::string model;
  std::string out;
  double epochs = 1;
  int64_t steps = 0;  // 0: by epochs
  double learning_rate = 0.01;
  std::string solver = "momentum";
  std::optional<double> momentum;
  double weight_decay = 1e-4;
  std::string schedule = "cosine";
  int64_t warmup = 0;
  double clip_norm = 0;
  std::optional<double> average;
  uint64_t seed = 0;
  std::string checkpoint;
  int64_t checkpoint_every = 1000;
  bool resume = false;
  DataOptions data;
  MachineOptions machine;
  ReportOptions report;
};

// `out`: what the help says of --out.
void add_training_options(CLI::App& command, TrainingOptions& options, const std::string& out);

// Before anything is read: throws FileError where --out, --metrics or --checkpoint cannot be
// written, Error where two files are one. `model`: what the command calls its model; `more`: files
// of the command's own.
void check_outputs(const TrainingOptions& options, const std::string& model, CommandFiles more);

// --steps, or the steps of --epochs.
int64_t total_steps(const TrainingOptions& options, const DataLoader& loader);

std::unique_ptr<Solver> make_solver(const TrainingOptions& options);

// Gives the solver what a .nnp holds of one of its type, and says so; other files hold none. Throws
// FileError for a damaged state, Error for one that does not fit the parameters.
void take_solver_state(const std::string& model, Solver& solver);

TrainerOptions trainer_options(const TrainingOptions& options, int64_t steps,
                               const std::string& title);

// Goes on from --checkpoint, and says so where nothing is left to train.
void resume(Trainer& trainer, const TrainingOptions& options);

// Trains. With --checkpoint the first SIGINT or SIGTERM ends the training behind the step that is
// running, with its checkpoint written: throws Interrupted.
TrainingResult run_until_stopped(Trainer& trainer, const TrainingOptions& options);

// With a progress line on stderr.
double evaluate(const VariableRef& image, const VariableRef& pred, DataLoader& loader,
                int64_t batch, const std::string& title);

// The keys of --metrics that train and qat share; null for those of the training where no step was
// left to do.
nlohmann::ordered_json training_figures(const TrainingOptions& options,
                                        const TrainingResult& result, double top1_error,
                                        int64_t skipped);

}  // namespace octet::cli
