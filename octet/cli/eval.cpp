// octet eval: the error of a network on validation data.
#include "octet/base/error.h"
#include "octet/cli/commands.h"
#include "octet/cli/model_source.h"
#include "octet/cli/network_inputs.h"
#include "octet/cli/training_options.h"
#include "octet/passes/remove_dropout.h"

namespace octet::cli {

namespace {

struct EvalOptions {
  std::string model;
  DataOptions data;
  MachineOptions machine;
  ReportOptions report;
};

void run(const EvalOptions& options) {
  check_writable(options.report.metrics, "--metrics");
  check_files({.read_models = {{"model", options.model}},
               .written = {{"--metrics", options.report.metrics}}});
  const c10::Device device = use_machine(options.machine);
  Model model = read_model(options.model, device);
  const VariableId input = only_image(model.graph, options.model);
  Shape image_shape = model.graph.variable(input).type.shape;
  image_shape.erase(image_shape.begin());
  const auto loader = open_validation_data(options.data, image_shape[1]);
  check_image_shape(*loader, image_shape, options.model);
  fit_batch(model.graph, options.data.batch, options.model);
  Network network = make_network(without_dropout(model.graph), model.parameters);
  network.set_engine(make_engine(options.machine));
  const VariableRef image = network.ref(input);
  const VariableRef pred = network.ref(only_output(model.graph, options.model));
  const double error = evaluate(image, pred, *loader, options.data.batch, "eval");
  nlohmann::ordered_json figures = {
      {"top1_error", error}, {"examples", loader->num_examples()}, {"peak_mb", peak_mb()}};
  if (options.data.skip_bad) figures["skipped"] = loader->skipped();
  report(figures, options.report);
}

}  // namespace

void add_eval_command(CLI::App& program) {
  auto options = std::make_shared<EvalOptions>();
  CLI::App& command = *program.add_subcommand("eval", "The error of a network on validation data");
  command.add_option("model", options->model, "A file")->required();
  add_data_options(command, options->data, /*training=*/false);
  add_machine_options(command, options->machine);
  add_engine_option(command, options->machine);
  add_report_options(command, options->report);
  command.callback([options] { run(*options); });
}

}  // namespace octet::cli
