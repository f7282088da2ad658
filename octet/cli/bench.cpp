// octet bench: how long a step takes, on random data.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <chrono>

#include "octet/base/error.h"
#include "octet/cli/bench_loader.h"
#include "octet/cli/bench_network.h"
#include "octet/cli/commands.h"
#include "octet/cli/file_options.h"
#include "octet/cli/machine_options.h"
#include "octet/cli/model_source.h"
#include "octet/cli/network_inputs.h"
#include "octet/cli/number_options.h"
#include "octet/cli/option_checks.h"
#include "octet/cli/profile_report.h"
#include "octet/cli/report.h"
#include "octet/plan/plan_engine.h"
#include "octet/targets/integer_values.h"
#include "octet/train/metrics.h"
#include "octet/train/momentum.h"
#include "octet/train/progress.h"

namespace octet::cli {

namespace {

constexpr double kWeightDecay = 1e-4;

struct BenchOptions {
  std::string model;
  std::string mode = "float";
  int64_t batch = 16;
  int64_t image_size = 224;
  int64_t channels = 3;
  int64_t steps = 5;
  int64_t warm_up = 2;
  std::string save;
  bool profile = false;
  std::string trace;
  DataOptions data;
  ZooOptions zoo;
  QuantizationOptions quantization;
  MachineOptions machine;
  ReportOptions report;
};

// Options that would do nothing are errors.
void check_options(const BenchOptions& options, const CLI::App& command) {
  const bool loads = !options.data.data.empty();
  if (!names_zoo_model(options.model)) {
    constexpr const char* kWhy = "is for models of the zoo; a file has its own sizes";
    refuse_options(command, {"--channels", "--classes", "--width"}, kWhy);
    if (!loads) refuse_options(command, {"--image-size"}, kWhy);
  }
  if (!bench_mode(options.mode).precision) {
    refuse_options(command, {"--preset", "--config"},
                   fmt::format("says how to quantize, which --mode {} does not", options.mode));
  }
}

void check_paths(const BenchOptions& options) {
  check_writable(options.report.metrics, "--metrics");
  check_writable(options.save, "--save");
  check_writable(options.trace, "--trace");
  check_files({.read_models = {{"model", options.model}},
               .read = {{"--config", options.quantization.config}},
               .written_models = {{"--save", options.save}},
               .written = {{"--trace", options.trace}, {"--metrics", options.report.metrics}}});
}

Model load(const BenchOptions& options, c10::Device device) {
  if (!names_zoo_model(options.model)) {
    Model model = read_model(options.model, device, 0, /*zoo=*/true);
    fit_batch(model.graph, options.batch, options.model);
    return model;
  }
  return build_zoo_model(options.model, {options.channels, options.image_size, options.image_size},
                         options.zoo, device, 0);
}

// One run of what is measured. Reading the loss waits for a GPU.
using Step = std::function<void()>;

Step training_step(const NetworkPair& networks, Solver& solver) {
  return [networks, &solver] {
    networks.loss.forward();
    solver.zero_grad();
    networks.loss.backward();
    solver.weight_decay(kWeightDecay);
    solver.update();
    networks.loss.d().item<double>();
  };
}

Step inference_step(const VariableRef& pred) {
  return [pred] {
    pred.forward({.gradients = false});
    pred.d().sum().item<double>();
  };
}

std::vector<double> seconds_of(const Step& step, const BenchOptions& options) {
  Progress progress("bench " + options.mode, {.total_steps = options.steps});
  std::vector<double> seconds;
  for (int64_t i = 0; i < options.steps; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    step();
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    progress.step({{"step", seconds.back(), "s"}});
  }
  progress.finish();
  return seconds;
}

// The plan that runs the steps. Throws Error where there is none.
plan::Plan& profiled_plan(const std::shared_ptr<Engine>& engine) {
  const auto plans = std::dynamic_pointer_cast<plan::PlanEngine>(engine);
  OCTET_CHECK(plans != nullptr && plans->last_plan() != nullptr, "bench",
              "--profile and --trace need a plan; --engine reference and GPUs have none");
  return *plans->last_plan();
}

double loaded_per_second(const BenchOptions& options) {
  DataOptions data = options.data;
  data.batch = options.batch;
  return loader_images_per_second(data, options.image_size);
}

void run(const BenchOptions& options, const CLI::App& command) {
  check_options(options, command);
  check_paths(options);
  const c10::Device device = use_machine(options.machine);
  const BenchMode& mode = bench_mode(options.mode);
  // A rate of 0: the same work, and nothing that random labels could make diverge.
  Momentum solver({.learning_rate = 0});
  const Model model = load(options, device);
  if (is_quantized(model.graph)) {
    refuse_options(command, {"--preset", "--config"},
                   fmt::format("says how to quantize, and {} is quantized", options.model));
  }
  const BenchNetwork network =
      make_bench_network(model, mode, options.quantization, options.batch, solver, options.model);
  const std::shared_ptr<Engine> engine = make_engine(options.machine);
  set_engine(network.networks, engine);
  network.pred.network().set_engine(engine);
  if (!options.save.empty()) save_bench_network(options.save, network, mode);
  const Step step =
      mode.training ? training_step(network.networks, solver) : inference_step(network.pred);
  for (int64_t i = 0; i < options.warm_up; ++i) step();
  const bool profiles = options.profile || !options.trace.empty();
  if (profiles && options.warm_up == 0) step();
  if (profiles) profiled_plan(engine).begin_profile();
  const std::vector<double> steps = seconds_of(step, options);
  const double seconds = median(steps);
  nlohmann::ordered_json details{{"seconds", steps}};
  if (profiles) {
    const auto profile = mean_profile(profiled_plan(engine).profile(), options.steps);
    if (options.profile && !options.report.json) print_profile(profile);
    details["primitive_seconds"] = primitive_seconds(profile);
    details["layers"] = profile_json(profile);
    if (!options.trace.empty()) write_trace(options.trace, profile);
  }
  if (const auto plans = std::dynamic_pointer_cast<plan::PlanEngine>(engine)) {
    details["compile_seconds"] = plans->compile_seconds();
    if (plans->last_plan() != nullptr) details["arena_bytes"] = plans->last_plan()->arena_bytes();
  }
  nlohmann::ordered_json figures{
      {"model", options.model},
      {"mode", options.mode},
      {"batch", options.batch},
      {"seconds_per_step", seconds},
      {"images_per_second", static_cast<double>(options.batch) / seconds},
      {"peak_mb", peak_mb()},
      {"threads", at::get_num_threads()}};
  if (!options.data.data.empty()) {
    figures["loader_images_per_second"] = loaded_per_second(options);
  }
  report(figures, options.report, details);
}

std::vector<std::string> mode_names() {
  std::vector<std::string> names;
  for (const BenchMode& mode : bench_modes()) names.emplace_back(mode.name);
  return names;
}

}  // namespace

void add_bench_command(CLI::App& program) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App& command = *program.add_subcommand("bench", "Time a network's steps on random data");
  command.add_option("model", options->model, "A file, or a name of the model zoo")->required();
  command
      .add_option("--mode", options->mode,
                  "Training steps of the float network or in a precision mode of QAT; infer_...: "
                  "forward passes of the validation network, integers for weights")
      ->check(CLI::IsMember(mode_names()))
      ->capture_default_str();
  const auto positive = [&](const char* name, int64_t& value, const char* help) {
    command.add_option(name, value, help)->check(positive_count())->capture_default_str();
  };
  positive("--batch", options->batch, "Images per step");
  positive("--steps", options->steps, "Steps to time; the median counts");
  command.add_option("--warm-up", options->warm_up, "Steps before those")
      ->check(non_negative_count())
      ->capture_default_str();
  positive("--image-size", options->image_size, "Of a zoo model: side of the images");
  positive("--channels", options->channels, "Of a zoo model: channels of the images");
  positive("--classes", options->zoo.num_classes, "Of a zoo model: number of classes");
  command.add_option("--width", options->zoo.width, "Of a zoo model: multiplies the channels")
      ->check(positive_number())
      ->capture_default_str();
  command.add_option("--save", options->save,
                     "Also write the network that is measured: a .nnp or a .onnx");
  command.add_flag("--profile", options->profile, "Print where the time of a step goes, by layers");
  command.add_option("--trace", options->trace,
                     "Write a mean step to this file, for chrome://tracing");
  CLI::Option* data = command.add_option(
      "--data", options->data.data,
      "Also time how fast training images of this data are loaded at --image-size");
  command.add_option("--workers", options->data.workers, "Threads that decode those images")
      ->check(count_between(0, 256))
      ->needs(data)
      ->capture_default_str();
  add_config_options(command, options->quantization);
  add_machine_options(command, options->machine);
  add_training_engine_options(command, options->machine);
  add_report_options(command, options->report);
  command.callback([options, &command] { run(*options, command); });
}

}  // namespace octet::cli
