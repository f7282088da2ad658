// octet bench: how long a step takes, on random data.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <chrono>

#include "octet/base/error.h"
#include "octet/cli/commands.h"
#include "octet/cli/machine_options.h"
#include "octet/cli/model_source.h"
#include "octet/cli/quantization_options.h"
#include "octet/cli/report.h"
#include "octet/qat/qat_scheduler.h"
#include "octet/train/momentum.h"
#include "octet/train/network_pair.h"
#include "octet/train/progress.h"

namespace octet::cli {

namespace {

constexpr int64_t kWarmUpSteps = 2;

struct BenchOptions {
  std::string model;
  std::string mode = "float";
  int64_t batch = 16;
  int64_t image_size = 224;
  int64_t channels = 3;
  int64_t steps = 5;
  ZooOptions zoo;
  QuantizationOptions quantization;
  MachineOptions machine;
  ReportOptions report;
};

Model load(const BenchOptions& options, c10::Device device) {
  if (!names_zoo_model(options.model)) return read_model(options.model, device, 0, /*zoo=*/true);
  return build_zoo_model(options.model, {options.channels, options.image_size, options.image_size},
                         options.zoo, device, 0);
}

// Random images and labels that fit the network.
void fill_inputs(const NetworkPair& networks, int64_t batch, c10::Device device) {
  Shape shape = networks.image.shape();
  shape[0] = batch;
  RandomState random(0);
  at::Generator& generator = random.generator(c10::kCPU);
  const at::Tensor image = at::randn(shape, generator).to(device);
  networks.image.d() = image;
  networks.validation_image.d() = image;
  const int64_t classes = networks.pred.shape().at(1);
  networks.label.d() = at::randint(0, classes, {batch, 1}, generator, at::kLong).to(device);
}

// One run of what is measured. Reading the loss waits for a GPU.
using Step = std::function<void()>;

Step training_step(const NetworkPair& networks, Solver& solver) {
  return [networks, &solver] {
    networks.loss.forward();
    solver.zero_grad();
    networks.loss.backward();
    solver.update();
    networks.loss.d().item<double>();
  };
}

Step inference_step(const NetworkPair& networks) {
  return [networks] {
    networks.validation_pred.forward({.gradients = false});
    networks.validation_pred.d().sum().item<double>();
  };
}

double median_seconds(const Step& step, int64_t steps, const std::string& title) {
  for (int64_t i = 0; i < kWarmUpSteps; ++i) step();
  Progress progress(title, {.total_steps = steps});
  std::vector<double> seconds;
  for (int64_t i = 0; i < steps; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    step();
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    progress.step({{"step", seconds.back(), "s"}});
  }
  progress.finish();
  std::sort(seconds.begin(), seconds.end());
  const size_t middle = seconds.size() / 2;
  return seconds.size() % 2 == 1 ? seconds[middle] : (seconds[middle - 1] + seconds[middle]) / 2;
}

// Brings the networks to TRAINING: one step records ranges, the next converts.
void quantize(const BenchOptions& options, const NetworkPair& networks, Solver& solver) {
  QATConfig config = read_config(options.quantization);
  config.niter_to_recording = 0;
  config.niter_to_training = 1;
  QATScheduler scheduler(config, solver);
  scheduler(networks.pred);
  scheduler(networks.validation_pred, /*training=*/false);
  scheduler.step();
  networks.loss.forward();
  scheduler.step();
}

void run(const BenchOptions& options) {
  check_writable(options.report.metrics, "--metrics");
  const c10::Device device = use_machine(options.machine);
  const Model model = load(options, device);
  NetworkPair networks = network_pair_of(model.graph, model.parameters, options.model);
  set_engine(networks, make_engine(options.machine));
  fill_inputs(networks, options.batch, device);
  // A rate of 0: the same work, and nothing that random labels could make diverge.
  Momentum solver({.learning_rate = 0});
  solver.set_parameters(*model.parameters);
  if (options.mode == "sim_qnn") quantize(options, networks, solver);
  const Step step =
      options.mode == "infer_float" ? inference_step(networks) : training_step(networks, solver);
  const double seconds = median_seconds(step, options.steps, "bench " + options.mode);
  report({{"model", options.model},
          {"mode", options.mode},
          {"batch", options.batch},
          {"seconds_per_step", seconds},
          {"images_per_second", static_cast<double>(options.batch) / seconds},
          {"peak_mb", peak_mb()},
          {"threads", at::get_num_threads()}},
         options.report);
}

}  // namespace

void add_bench_command(CLI::App& program) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App& command = *program.add_subcommand("bench", "Time a network's steps on random data");
  command.add_option("model", options->model, "A file, or a name of the model zoo")->required();
  command
      .add_option("--mode", options->mode,
                  "float and sim_qnn: training steps; infer_float: forward passes")
      ->check(CLI::IsMember({"float", "sim_qnn", "infer_float"}))
      ->capture_default_str();
  const auto positive = [&](const char* name, int64_t& value, const char* help) {
    command.add_option(name, value, help)->check(CLI::PositiveNumber)->capture_default_str();
  };
  positive("--batch", options->batch, "Images per step");
  positive("--steps", options->steps, "Steps to time; the median counts");
  positive("--image-size", options->image_size, "Of a zoo model: side of the images");
  positive("--channels", options->channels, "Of a zoo model: channels of the images");
  positive("--classes", options->zoo.num_classes, "Of a zoo model: number of classes");
  command.add_option("--width", options->zoo.width, "Of a zoo model: multiplies the channels")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  add_quantization_options(command, options->quantization);
  add_machine_options(command, options->machine);
  add_engine_option(command, options->machine);
  add_report_options(command, options->report);
  command.callback([options] { run(*options); });
}

}  // namespace octet::cli
