// The training loop: batches from a loader, a solver that follows a schedule, progress,
// checkpoints. With a hook before each step it is the loop of quantization-aware training as well.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "octet/train/checkpoint.h"
#include "octet/train/data_loader.h"
#include "octet/train/learning_rate_schedule.h"
#include "octet/train/metrics.h"
#include "octet/train/network_pair.h"
#include "octet/train/progress.h"
#include "octet/train/solver.h"
#include "octet/train/weight_average.h"

namespace octet {

// A training that ran and failed, such as one whose loss became NaN.
class TrainingError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What a scheduler that rewrites the networks hands to the loop; all may be left empty.
struct TrainingHooks {
  // Called before each step. What it does to the solver's learning rate stays for the steps that
  // follow, as a factor on top of the schedule.
  std::function<void()> before_step = {};
  // A word for the progress line: the stage.
  std::function<std::string()> stage = {};
  // Its state in a checkpoint. `restore` is called with the parameters restored already, and before
  // the solver's state is.
  std::function<std::string()> save = {};
  std::function<void(const std::string&)> restore = {};
};

struct TrainerOptions {
  int64_t max_steps = 1;
  Schedule schedule = {};  // on top of the learning rate that the solver was given
  double weight_decay = 0;
  double clip_norm = 0;  // bound of the norm over all gradients; 0: none
  // Keep an exponential moving average of the weights with this decay.
  std::optional<double> average_decay = {};
  // Written every so many steps, and at the end; none where the path is empty.
  std::string checkpoint = {};
  int64_t checkpoint_every = 1000;
  std::string title = "train";
  ProgressOptions progress = {};  // total_steps is filled in
};

struct TrainingResult {
  int64_t steps = 0;            // done by this run
  double loss = 0;              // mean over the last 100 steps at most
  double error = 0;             // of the training batches, percent, likewise
  double seconds_per_step = 0;  // median, everything included
  bool stopped = false;         // before max_steps, by should_stop
};

class Trainer {
 public:
  // Trains the parameters that the solver has. Networks, solver and loader must outlive the
  // trainer. Throws Error for options outside their range.
  Trainer(NetworkPair networks, Solver& solver, DataLoader& loader, TrainerOptions options,
          TrainingHooks hooks = {});

  // Goes on from a checkpoint that a trainer with the same arguments wrote: every number that
  // follows is the same as without the interruption (on one kind of machine). Throws FileError for
  // a bad file, Error for one that does not fit or is beyond max_steps; at max_steps nothing is
  // left to train.
  void resume(const std::string& path);
  // Trains up to max_steps, or to the step behind which `should_stop` first says so (see
  // StopSignals); then too the checkpoint is written. Throws TrainingError, naming the step, if the
  // loss or a value that is recorded or quantized is not finite.
  TrainingResult run(const std::function<bool()>& should_stop = {});
  // Steps done, those before a resume included.
  int64_t steps() const { return step_; }
  int64_t max_steps() const { return options_.max_steps; }
  // The averaged weights; null without average_decay.
  WeightAverage* average() { return average_ ? &*average_ : nullptr; }

 private:
  void set_learning_rate();
  void follow_parameters();
  void forward();
  void train_step();
  void save() const;
  void show(Progress& progress) const;
  TrainingResult result(int64_t steps) const;

  NetworkPair networks_;
  Solver& solver_;
  DataLoader& loader_;
  TrainerOptions options_;
  TrainingHooks hooks_;
  std::optional<WeightAverage> average_;
  std::vector<std::string> averaged_;  // names of the parameters that average_ has
  double base_learning_rate_;
  int64_t step_ = 0;
  std::vector<double> losses_;  // of each step of this run
  std::vector<double> errors_;  // percent
  std::vector<double> seconds_;
};

}  // namespace octet
