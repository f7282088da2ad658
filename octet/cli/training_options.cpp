#include "octet/cli/training_options.h"
#include "octet/cli/number_options.h"

#include <cmath>

#include "octet/base/error.h"
#include "octet/base/logging.h"
#include "octet/cli/commands.h"
#include "octet/cli/model_formats.h"
#include "octet/train/evaluation.h"
#include "octet/train/solver_factory.h"
#include "octet/train/stop_signals.h"
#include "octet/train/stored_solver.h"

namespace octet::cli {

namespace {

void add_solver_options(CLI::App& command, TrainingOptions& options) {
  command.add_option("--lr", options.learning_rate, "Learning rate")
      ->check(non_negative_number())
      ->capture_default_str();
  command.add_option("--solver", options.solver, "Update rule")
      ->check(CLI::IsMember(solver_names()))
      ->capture_default_str();
  command.add_option("--momentum", options.momentum, "Momentum, where the solver has one");
  command.add_option("--weight-decay", options.weight_decay, "Added to gradients: decay * weight")
      ->check(non_negative_number())
      ->capture_default_str();
  command
      .add_option("--schedule", options.schedule,
                  "Learning rate over time: constant, cosine, polynomial[:POWER], step[:GAMMA], "
                  "exponential:GAMMA")
      ->capture_default_str();
  command.add_option("--warmup", options.warmup, "Steps of linear warm-up")
      ->check(non_negative_count());
  command
      .add_option("--clip-norm", options.clip_norm, "Bound on the norm of all gradients; 0: none")
      ->check(non_negative_number());
  command.add_option("--average", options.average,
                     "Evaluate and save a moving average of the weights with this decay");
}

}  // namespace

void add_training_options(CLI::App& command, TrainingOptions& options, const std::string& out) {
  command.add_option("--out", options.out, out)->required();
  auto* epochs = command.add_option("--epochs", options.epochs, "Passes over the training data")
                     ->check(positive_number())
                     ->capture_default_str();
  command.add_option("--steps", options.steps, "Steps, instead of epochs")
      ->check(positive_count())
      ->excludes(epochs);
  add_solver_options(command, options);
  command.add_option("--seed", options.seed, "Of weights, data order, augmentation and dropout")
      ->capture_default_str();
  CLI::Option* checkpoint =
      command.add_option("--checkpoint", options.checkpoint,
                         "Write checkpoints to this file; Ctrl-C ends the training with one");
  command.add_option("--checkpoint-every", options.checkpoint_every, "Steps between checkpoints")
      ->check(positive_count())
      ->needs(checkpoint)
      ->capture_default_str();
  command.add_flag("--resume", options.resume, "Go on from the file of --checkpoint")
      ->needs(checkpoint);
  add_data_options(command, options.data, /*training=*/true);
  add_machine_options(command, options.machine);
  add_training_engine_options(command, options.machine);
  add_report_options(command, options.report);
}

void check_outputs(const TrainingOptions& options, const std::string& model, CommandFiles more) {
  check_writable(options.out, "--out");
  format_of(options.out);
  check_writable(options.checkpoint, "--checkpoint");
  check_writable(options.report.metrics, "--metrics");
  more.read_models.push_back({model, options.model});
  more.written_models.insert(more.written_models.begin(), {"--out", options.out});
  more.written.push_back({"--checkpoint", options.checkpoint});
  more.written.push_back({"--metrics", options.report.metrics});
  check_files(more);
}

int64_t total_steps(const TrainingOptions& options, const DataLoader& loader) {
  if (options.steps > 0) return options.steps;
  const double steps = options.epochs * static_cast<double>(loader.batches_per_epoch());
  constexpr double kMost = 1e15;
  OCTET_CHECK(steps <= kMost, "--epochs", "{:g} passes over the data are {:g} steps, above {:g}",
              options.epochs, steps, kMost);
  return std::max<int64_t>(1, std::llround(steps));
}

std::unique_ptr<Solver> make_solver(const TrainingOptions& options) {
  return octet::make_solver({.name = options.solver,
                             .learning_rate = options.learning_rate,
                             .momentum = options.momentum});
}

void take_solver_state(const std::string& model, Solver& solver) {
  if (!model.ends_with(".nnp")) return;
  const std::vector<StoredSolverState> states = read_nnp_solvers(model);
  if (states.empty()) return;
  if (restore_solver(solver, states, model)) {
    log_info("[{}] the solver goes on from its state in the file", model);
    return;
  }
  std::vector<std::string> types;
  for (const StoredSolverState& state : states) types.push_back(state.solver);
  log_warning("[{}] the state in the file is of the solver {}, and this is {}: it begins anew",
              model, fmt::join(types, ", "), solver.type());
}

TrainerOptions trainer_options(const TrainingOptions& options, int64_t steps,
                               const std::string& title) {
  return {.max_steps = steps,
          .schedule = parse_schedule(options.schedule, steps, options.warmup),
          .weight_decay = options.weight_decay,
          .clip_norm = options.clip_norm,
          .average_decay = options.average,
          .checkpoint = options.checkpoint,
          .checkpoint_every = options.checkpoint_every,
          .title = title,
          .progress = {.images_per_step = options.data.batch}};
}

void resume(Trainer& trainer, const TrainingOptions& options) {
  trainer.resume(options.checkpoint);
  if (trainer.steps() < trainer.max_steps()) return;
  log_info("[{}] the training is at its end, step {}: nothing is left to train", options.checkpoint,
           trainer.steps());
}

TrainingResult run_until_stopped(Trainer& trainer, const TrainingOptions& options) {
  if (options.checkpoint.empty()) return trainer.run();
  const StopSignals signals;
  TrainingResult result = trainer.run([&] { return signals.received() != 0; });
  if (!result.stopped) return result;
  throw Interrupted(
      fmt::format("[{}] stopped by {} behind step {} of {}; the same command with --resume goes on",
                  options.checkpoint, signals.name(), trainer.steps(), trainer.max_steps()),
      signals.received());
}

double evaluate(const VariableRef& image, const VariableRef& pred, DataLoader& loader,
                int64_t batch, const std::string& title) {
  Progress progress(title, {.total_steps = loader.batches_per_epoch(), .images_per_step = batch});
  const double error = top1_error(image, pred, loader, &progress);
  progress.finish();
  return error;
}

nlohmann::ordered_json training_figures(const TrainingOptions& options,
                                        const TrainingResult& result, double top1_error,
                                        int64_t skipped) {
  nlohmann::ordered_json figures = {{"top1_error", top1_error},
                                    {"training_error", result.error},
                                    {"loss", result.loss},
                                    {"steps", result.steps},
                                    {"seconds_per_step", result.seconds_per_step},
                                    {"peak_mb", peak_mb()},
                                    {"seed", options.seed},
                                    {"out", options.out}};
  if (result.steps == 0) {
    for (const char* key : {"training_error", "loss", "seconds_per_step"}) figures[key] = nullptr;
  }
  if (options.data.skip_bad) figures["skipped"] = skipped;
  return figures;
}

}  // namespace octet::cli
