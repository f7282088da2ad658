#include "octet/train/trainer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "octet/base/error.h"
#include "octet/quant/finite.h"

namespace octet {

namespace {

constexpr size_t kWindow = 100;
constexpr const char* kRandomName = "network";
constexpr const char* kTrainerText = "trainer";

double mean_of_last(const std::vector<double>& values) {
  const auto count = static_cast<std::ptrdiff_t>(std::min(kWindow, values.size()));
  return std::accumulate(values.end() - count, values.end(), 0.0) / static_cast<double>(count);
}

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Trainer::Trainer(NetworkPair networks, Solver& solver, DataLoader& loader, TrainerOptions options,
                 TrainingHooks hooks)
    : networks_(std::move(networks)),
      solver_(solver),
      loader_(loader),
      options_(std::move(options)),
      hooks_(std::move(hooks)),
      base_learning_rate_(solver.learning_rate()) {
  OCTET_CHECK(options_.max_steps >= 1, options_.title,
              "the number of steps must be 1 or more, not {}", options_.max_steps);
  OCTET_CHECK(options_.checkpoint_every >= 1, options_.title,
              "the steps between checkpoints must be 1 or more, not {}", options_.checkpoint_every);
  OCTET_CHECK(options_.clip_norm >= 0, options_.title,
              "the norm to clip at must be 0 or more, not {}", options_.clip_norm);
  check_schedule(options_.schedule);
  if (options_.average_decay) {
    average_.emplace(WeightAverageOptions{.decay = *options_.average_decay});
    follow_parameters();
  }
}

// The average goes by the parameters that the solver has.
void Trainer::follow_parameters() {
  const std::vector<std::string> names = solver_.parameter_names();
  if (names == averaged_) return;
  const ParameterStore& store = *networks_.pred.network().parameters();
  std::vector<Parameter> parameters;
  for (const std::string& name : names) parameters.push_back(store.at(name));
  average_->set_parameters(parameters);
  averaged_ = names;
}

void Trainer::set_learning_rate() {
  solver_.set_learning_rate(learning_rate_at(options_.schedule, base_learning_rate_, step_));
  if (!hooks_.before_step) return;
  const double before = solver_.learning_rate();
  hooks_.before_step();
  // A schedule that has come to 0 leaves nothing to scale.
  if (before > 0) base_learning_rate_ *= solver_.learning_rate() / before;
  if (average_) follow_parameters();
}

void Trainer::forward() {
  try {
    networks_.loss.forward();
  } catch (const NonFiniteError& error) {
    throw TrainingError(
        fmt::format("{} at step {}; a lower learning rate may help", error.what(), step_));
  }
}

void Trainer::train_step() {
  set_learning_rate();
  const c10::Device device = networks_.pred.network().parameters()->device();
  const Batch batch = loader_.next();
  networks_.image.d() = batch.image.to(device);
  networks_.label.d() = batch.label.to(device);
  forward();
  const double loss = networks_.loss.d().item<double>();
  if (!std::isfinite(loss)) {
    // Not the number itself: the sign of a NaN means nothing.
    throw TrainingError(
        fmt::format("[{}] the loss is {} at step {}; a lower learning rate may help",
                    options_.title, std::isnan(loss) ? "NaN" : "infinite", step_));
  }
  losses_.push_back(loss);
  errors_.push_back(100.0 *
                    static_cast<double>(count_top_n_errors(networks_.pred.d(), batch.label)) /
                    static_cast<double>(batch.label.size(0)));
  solver_.zero_grad();
  networks_.loss.backward();
  solver_.weight_decay(options_.weight_decay);
  if (options_.clip_norm > 0) solver_.clip_grad_by_global_norm(options_.clip_norm);
  solver_.update();
  if (average_) average_->update();
  ++step_;
}

void Trainer::show(Progress& progress) const {
  if (hooks_.stage) progress.set_title(options_.title + " " + hooks_.stage());
  progress.step({{"loss", mean_of_last(losses_)}, {"error", mean_of_last(errors_), "%"}});
}

TrainingResult Trainer::result(int64_t steps) const {
  if (steps == 0) return {};
  return {.steps = steps,
          .loss = mean_of_last(losses_),
          .error = mean_of_last(errors_),
          .seconds_per_step = median(seconds_)};
}

TrainingResult Trainer::run(const std::function<bool()>& should_stop) {
  ProgressOptions options = options_.progress;
  const int64_t first = step_;
  options.total_steps = options_.max_steps - first;
  Progress progress(options_.title, options);
  bool stopped = false;
  while (step_ < options_.max_steps && !stopped) {
    const double begin = now();
    train_step();
    seconds_.push_back(now() - begin);
    show(progress);
    const bool last = step_ == options_.max_steps;
    stopped = !last && should_stop && should_stop();
    if (!options_.checkpoint.empty() && (last || stopped || step_ % options_.checkpoint_every == 0))
      save();
  }
  progress.finish();
  TrainingResult done = result(step_ - first);
  done.stopped = stopped;
  return done;
}

void Trainer::save() const {
  Network network = networks_.pred.network();
  Checkpoint checkpoint;
  checkpoint.step = step_;
  checkpoint.parameters = copy_parameters(*network.parameters());
  checkpoint.solver = solver_.state();
  if (hooks_.save) checkpoint.scheduler = hooks_.save();
  checkpoint.random_states[kRandomName] = network.random().save();
  checkpoint.data_loader = loader_.state();
  if (average_) checkpoint.weight_average = average_->state();
  checkpoint.texts[kTrainerText] =
      nlohmann::json{{"base_learning_rate", base_learning_rate_}}.dump();
  save_checkpoint(options_.checkpoint, checkpoint);
}

void Trainer::resume(const std::string& path) {
  const Checkpoint checkpoint = load_checkpoint(path);
  const auto text = checkpoint.texts.find(kTrainerText);
  const auto random = checkpoint.random_states.find(kRandomName);
  OCTET_CHECK_FILE(text != checkpoint.texts.end() && random != checkpoint.random_states.end(), path,
                   "the checkpoint was not written by a trainer");
  const nlohmann::json own = nlohmann::json::parse(text->second, nullptr, false);
  OCTET_CHECK_FILE(own.is_object() && own.value("base_learning_rate", nlohmann::json()).is_number(),
                   path, "the trainer's state is damaged: {}", text->second);
  OCTET_CHECK(checkpoint.step <= options_.max_steps, path,
              "the checkpoint is at step {}, beyond the {} steps asked for; ask for more (--steps, "
              "--epochs)",
              checkpoint.step, options_.max_steps);
  OCTET_CHECK(average_.has_value() == checkpoint.weight_average.has_value(), path,
              "the checkpoint was written {} averaged weights", average_ ? "without" : "with");
  Network network = networks_.pred.network();
  restore_parameters(checkpoint.parameters, *network.parameters());
  if (hooks_.restore) hooks_.restore(checkpoint.scheduler);
  solver_.set_state(checkpoint.solver);
  if (average_) {
    follow_parameters();
    average_->set_state(*checkpoint.weight_average);
  }
  network.random().load(random->second);
  loader_.set_state(checkpoint.data_loader);
  base_learning_rate_ = own["base_learning_rate"].get<double>();
  step_ = checkpoint.step;
}

}  // namespace octet
