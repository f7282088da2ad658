// octet qat: a float network from a file, trained on with quantization.
#include <algorithm>

#include "octet/base/error.h"
#include "octet/cli/commands.h"
#include "octet/cli/model_source.h"
#include "octet/cli/network_inputs.h"
#include "octet/cli/quantization_options.h"
#include "octet/cli/temporary_folder.h"
#include "octet/cli/training_options.h"
#include "octet/qat/qat_scheduler.h"
#include "octet/targets/integer_values.h"

namespace octet::cli {

namespace {

struct QatOptions : TrainingOptions {
  std::string deploy;
  QuantizationOptions quantization;
};

void check_float(const Graph& graph, const std::string& model) {
  if (!is_quantized(graph)) return;
  throw_error(model, "the network is quantized already (at {}); give the float one",
              graph.variable(integer_values(graph).begin()->first).name);
}

void check_steps(const QATConfig& config, int64_t steps) {
  OCTET_CHECK(config.niter_to_training < steps, "qat",
              "quantized training would begin at step {} (niter_to_training), but there are only "
              "{} steps; ask for more, or give --recording-steps",
              config.niter_to_training, steps);
}

struct Output {
  std::string path;
  bool deploy;
};

// What is to be written: a .onnx last, which not every network can become.
std::vector<Output> outputs_of(const QatOptions& options) {
  std::vector<Output> outputs{{options.out, false}};
  if (!options.deploy.empty()) outputs.push_back({options.deploy, true});
  std::ranges::stable_partition(
      outputs, [](const Output& output) { return !output.path.ends_with(".onnx"); });
  return outputs;
}

void save(const QATScheduler& scheduler, const VariableRef& image, const Output& output,
          const std::string& path) {
  scheduler.save(path, image, {.batch_size = 1, .deploy = output.deploy});
}

// A network that cannot become a .onnx is an error now, rather than when it is trained.
void try_onnx(const QATScheduler& scheduler, const VariableRef& image,
              const std::vector<Output>& outputs) {
  const TemporaryFolder folder;
  for (const Output& output : outputs) {
    if (output.path.ends_with(".onnx")) save(scheduler, image, output, folder.file("trial.onnx"));
  }
}

// `quantized` is called once, when the scheduler has quantized the networks.
TrainingHooks hooks_of(QATScheduler& scheduler, const std::function<void()>& quantized) {
  const auto step = [&scheduler, quantized, done = false]() mutable {
    scheduler.step();
    if (done || scheduler.state() != QNNState::TRAINING) return;
    done = true;
    quantized();
  };
  return {.before_step = step,
          .stage = [&scheduler] { return std::string(to_string(scheduler.state())); },
          .save = [&scheduler] { return scheduler.save_state(); },
          .restore = [&scheduler](const std::string& state) { scheduler.restore(state); }};
}

// QATScheduler writes these two.
void check_extension(const std::string& path, const std::string& option) {
  OCTET_CHECK(path.empty() || path.ends_with(".nnp") || path.ends_with(".onnx"), option,
              "{} is neither a .nnp nor a .onnx file", path);
}

void run(const QatOptions& options) {
  check_writable(options.deploy, "--deploy");
  check_outputs(options, "in",
                {.read = {{"--config", options.quantization.config}},
                 .written_models = {{"--deploy", options.deploy}}});
  check_extension(options.out, "--out");
  check_extension(options.deploy, "--deploy");
  read_config(options.quantization);  // a bad one is an error before anything is read
  const c10::Device device = use_machine(options.machine);
  Model model = read_model(options.model, device, options.seed);
  check_float(model.graph, options.model);
  fit_batch(model.graph, options.data.batch, options.model);
  NetworkPair networks = network_pair_of(model.graph, model.parameters, options.model);
  set_engine(networks, make_engine(options.machine));
  const Shape image_shape(networks.image.shape().begin() + 1, networks.image.shape().end());
  const auto training = open_training_data(options.data, image_shape[1], options.seed);
  const auto validation = open_validation_data(options.data, image_shape[1]);
  check_image_shape(*training, image_shape, options.model);
  const int64_t steps = total_steps(options, *training);
  const QATConfig config = read_config(options.quantization, steps);
  check_steps(config, steps);
  networks.pred.network().random().reseed(options.seed);

  const auto validate = [&](const std::string& title) {
    return evaluate(networks.validation_image, networks.validation_pred, *validation,
                    options.data.batch, title);
  };
  const double float_error = validate("validate float");
  const std::unique_ptr<Solver> solver = make_solver(options);
  solver->set_parameters(*model.parameters);
  take_solver_state(options.model, *solver);
  QATScheduler scheduler(config, *solver);
  scheduler(networks.pred);
  scheduler(networks.validation_pred, /*training=*/false);
  const std::vector<Output> outputs = outputs_of(options);
  const auto try_outputs = [&] { try_onnx(scheduler, networks.validation_image, outputs); };
  Trainer trainer(networks, *solver, *training, trainer_options(options, steps, "qat"),
                  hooks_of(scheduler, try_outputs));
  if (options.resume) resume(trainer, options);
  const TrainingResult result = run_until_stopped(trainer, options);
  if (trainer.average() != nullptr) trainer.average()->swap();

  const double error = validate("validate qat");
  for (const Output& output : outputs) {
    save(scheduler, networks.validation_image, output, output.path);
  }
  nlohmann::ordered_json figures =
      training_figures(options, result, error, training->skipped() + validation->skipped());
  figures["top1_error_float"] = float_error;
  report(figures, options.report);
}

}  // namespace

void add_qat_command(CLI::App& program) {
  auto options = std::make_shared<QatOptions>();
  CLI::App& command = *program.add_subcommand("qat", "Train a float network on with quantization");
  command.add_option("in", options->model, "The float network: a file")->required();
  command.add_option("--deploy", options->deploy,
                     "Also write the network with integer weights to this .nnp or .onnx file");
  add_quantization_options(command, options->quantization);
  add_training_options(command, *options, "The file to write: a .nnp or .onnx");
  command.callback([options] { run(*options); });
}

}  // namespace octet::cli
