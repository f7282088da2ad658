// octet train: a float network, from the zoo or from a file, trained on a data set.
#include "octet/base/error.h"
#include "octet/cli/commands.h"
#include "octet/cli/model_sink.h"
#include "octet/cli/model_source.h"
#include "octet/cli/training_options.h"

namespace octet::cli {

namespace {

struct TrainOptions : TrainingOptions {
  double width = 1;
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
  if (options.data.image_size > 0 || names_zoo_model(options.model)) return options.data.image_size;
  const Model model = read_model(options.model, device, options.seed, /*zoo=*/true);
  return model.graph.variable(only_image(model.graph, options.model)).type.shape.at(2);
}

void run(const TrainOptions& options) {
  check_outputs(options);
  const c10::Device device = use_machine(options.machine);
  const int64_t size = wanted_size(options, device);
  const auto training = open_training_data(options.data, size, options.seed);
  const auto validation = open_validation_data(options.data, size);
  const Model model = load(options, training->image_shape(), device);
  NetworkPair networks = network_pair_of(model.graph, model.parameters, options.model);
  set_engine(networks, make_engine(options.machine));
  const Shape& input = networks.image.shape();
  check_image_shape(*training, Shape(input.begin() + 1, input.end()), options.model);
  networks.pred.network().random().reseed(options.seed);

  const std::unique_ptr<Solver> solver = make_solver(options);
  solver->set_parameters(*model.parameters);
  take_solver_state(options.model, *solver);
  Trainer trainer(networks, *solver, *training,
                  trainer_options(options, total_steps(options, *training), "train"));
  if (options.resume) trainer.resume(options.checkpoint);
  const TrainingResult result = trainer.run();
  if (trainer.average() != nullptr) trainer.average()->swap();

  const double error = evaluate(networks.validation_image, networks.validation_pred, *validation,
                                options.data.batch, "validate");
  Graph trained = networks.validation_pred.network().graph();
  trained.set_name("net");
  write_model(options.out, {std::move(trained), model.parameters}, {.check = false});
  report(training_figures(options, result, error, training->skipped() + validation->skipped()),
         options.report);
}

}  // namespace

void add_train_command(CLI::App& program) {
  auto options = std::make_shared<TrainOptions>();
  CLI::App& command = *program.add_subcommand("train", "Train a float network");
  command.add_option("model", options->model, "A file, or a name of the model zoo")->required();
  command.add_option("--width", options->width, "Multiplies the channels of a zoo model")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  add_training_options(command, *options);
  command.callback([options] { run(*options); });
}

}  // namespace octet::cli
