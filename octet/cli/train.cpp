// octet train: a float network, from the zoo or from a file, trained on a data set.
#include "octet/base/error.h"
#include "octet/cli/commands.h"
#include "octet/cli/model_sink.h"
#include "octet/cli/model_source.h"
#include "octet/cli/network_inputs.h"
#include "octet/cli/number_options.h"
#include "octet/cli/option_checks.h"
#include "octet/cli/temporary_folder.h"
#include "octet/cli/training_options.h"

namespace octet::cli {

namespace {

struct TrainOptions : TrainingOptions {
  double width = 1;
  int64_t image_size = 0;  // 0: that of the network in the file, or of the data
};

Model load(const TrainOptions& options, const Shape& image_shape, c10::Device device) {
  if (!names_zoo_model(options.model)) {
    return read_model(options.model, device, options.seed, /*zoo=*/true);
  }
  return build_zoo_model(options.model, image_shape,
                         {.num_classes = count_classes(options.data), .width = options.width},
                         device, options.seed);
}

// The side that the network in a file wants; 0 where the data decides.
int64_t wanted_size(const TrainOptions& options, c10::Device device) {
  if (options.image_size > 0 || names_zoo_model(options.model)) return options.image_size;
  const Model model = read_model(options.model, device, options.seed, /*zoo=*/true);
  return model.graph.variable(only_image(model.graph, options.model)).type.shape.at(2);
}

// What is written: the validation network.
Model trained_model(const NetworkPair& networks) {
  const Network network = networks.validation_pred.network();
  Graph graph = compact(network.graph());
  graph.set_name("net");
  return {std::move(graph), network.parameters()};
}

// A network that cannot become a .onnx is an error now, rather than when it is trained.
void try_onnx(const std::string& out, const NetworkPair& networks) {
  if (!out.ends_with(".onnx")) return;
  const TemporaryFolder folder;
  write_model(folder.file("trial.onnx"), trained_model(networks), {.check = false});
}

void run(const TrainOptions& options, const CLI::App& command) {
  if (!names_zoo_model(options.model)) {
    refuse_options(command, {"--width"}, "is for models of the zoo; a file has its own channels");
  }
  check_outputs(options, "model", {});
  const c10::Device device = use_machine(options.machine);
  const int64_t size = wanted_size(options, device);
  const auto training = open_training_data(options.data, size, options.seed);
  const auto validation = open_validation_data(options.data, size);
  Model model = load(options, training->image_shape(), device);
  fit_batch(model.graph, options.data.batch, options.model);
  NetworkPair networks = network_pair_of(model.graph, model.parameters, options.model);
  set_engine(networks, make_engine(options.machine));
  const Shape& input = networks.image.shape();
  check_image_shape(*training, Shape(input.begin() + 1, input.end()), options.model);
  networks.pred.network().random().reseed(options.seed);
  try_onnx(options.out, networks);

  const std::unique_ptr<Solver> solver = make_solver(options);
  solver->set_parameters(*model.parameters);
  take_solver_state(options.model, *solver);
  Trainer trainer(networks, *solver, *training,
                  trainer_options(options, total_steps(options, *training), "train"));
  if (options.resume) resume(trainer, options);
  const TrainingResult result = run_until_stopped(trainer, options);
  if (trainer.average() != nullptr) trainer.average()->swap();

  const double error = evaluate(networks.validation_image, networks.validation_pred, *validation,
                                options.data.batch, "validate");
  write_model(options.out, trained_model(networks), {.check = false});
  report(training_figures(options, result, error, training->skipped() + validation->skipped()),
         options.report);
}

}  // namespace

void add_train_command(CLI::App& program) {
  auto options = std::make_shared<TrainOptions>();
  CLI::App& command = *program.add_subcommand("train", "Train a float network");
  command.add_option("model", options->model, "A file, or a name of the model zoo")->required();
  command.add_option("--width", options->width, "Multiplies the channels of a zoo model")
      ->check(positive_number())
      ->capture_default_str();
  command.add_option("--image-size", options->image_size, "Side of the images in pixels")
      ->check(positive_count());
  add_training_options(command, *options, "The file to write: .nnp or another that convert writes");
  command.callback([options, &command] { run(*options, command); });
}

}  // namespace octet::cli
