// octet inspect: what is in a network.
#include <iostream>

#include "octet/base/error.h"
#include "octet/cli/commands.h"
#include "octet/cli/file_options.h"
#include "octet/cli/model_source.h"
#include "octet/cli/number_options.h"
#include "octet/cli/option_checks.h"
#include "octet/cli/report.h"
#include "octet/cli/table.h"
#include "octet/formats/onnx/onnx.h"
#include "octet/graph/text.h"
#include "octet/targets/integer_values.h"

namespace octet::cli {

namespace {

struct InspectOptions {
  std::string model;
  bool graph = false;
  bool functions = false;
  bool onnx_operators = false;
  int64_t image_size = 224;
  int64_t channels = 3;
  ZooOptions zoo;
  ReportOptions report;
};

int64_t parameter_elements(const Graph& graph, const Function& function) {
  int64_t elements = 0;
  for (const VariableId id : function.inputs) {
    const Variable& variable = graph.variable(id);
    if (variable.kind == VariableKind::kParameter) elements += variable.type.shape.num_elements();
  }
  return elements;
}

// One line per layer: name, type, output shape, number of parameters.
void print_layers(const Graph& graph) {
  Table table{{"layer", "type", "output", "parameters"}};
  for (const FunctionId id : graph.topological_order()) {
    const Function& function = graph.function(id);
    const Variable& output = graph.variable(function.outputs[0]);
    const int64_t elements = parameter_elements(graph, function);
    table.push_back({graph.display_name(id), std::string(type_name(function.attributes)),
                     to_string(output.type.shape), elements > 0 ? std::to_string(elements) : ""});
  }
  print_table(table, /*first_number=*/3);
}

template <class Names>
void print_names(const Names& names) {
  for (const std::string_view name : names) std::cout << name << '\n';
  std::cout << std::flush;
}

nlohmann::ordered_json figures_of(const Model& model) {
  const Graph& graph = model.graph;
  std::map<std::string, int64_t> types;
  for (const FunctionId id : graph.topological_order()) {
    ++types[std::string(type_name(graph.function(id).attributes))];
  }
  std::vector<std::string> inputs;
  int64_t parameters = 0;
  int64_t elements = 0;
  for (const VariableId id : graph.leaves(graph.outputs())) {
    const Variable& variable = graph.variable(id);
    if (variable.kind == VariableKind::kInput) {
      inputs.push_back(variable.name + " " + to_string(variable.type.shape));
    } else {
      ++parameters;
      elements += variable.type.shape.num_elements();
    }
  }
  std::vector<std::string> outputs;
  for (const VariableId id : graph.outputs()) {
    outputs.push_back(graph.variable(id).name + " " + to_string(graph.variable(id).type.shape));
  }
  return {{"name", graph.name()},
          {"inputs", inputs},
          {"outputs", outputs},
          {"functions", types},
          {"parameters", parameters},
          {"parameter_elements", elements},
          {"quantized", is_quantized(graph)}};
}

// Options that would do nothing are errors.
void check_options(const InspectOptions& options, const CLI::App& command) {
  if (options.functions || options.onnx_operators) {
    OCTET_CHECK(options.model.empty(), "command line",
                "give a model, --functions or --onnx-operators: each prints something else");
    refuse_options(command, {"--json", "--metrics"}, "a list of names has no figures");
  } else {
    OCTET_CHECK(!options.model.empty(), "command line", "model is required");
  }
  if (options.graph) {
    refuse_options(command, {"--json", "--metrics"}, "--graph prints the network, without figures");
  }
  if (!names_zoo_model(options.model)) {
    refuse_options(command, {"--image-size", "--channels", "--classes", "--width"},
                   "is for models of the zoo; a file has its own sizes");
  }
}

void run(const InspectOptions& options, const CLI::App& command) {
  check_options(options, command);
  if (options.functions) return print_names(operation_types());
  if (options.onnx_operators) return print_names(supported_onnx_operators());
  check_writable(options.report.metrics, "--metrics");
  check_files({.read_models = {{"model", options.model}},
               .written = {{"--metrics", options.report.metrics}}});
  const Model model =
      names_zoo_model(options.model)
          ? build_zoo_model(options.model,
                            {options.channels, options.image_size, options.image_size}, options.zoo,
                            c10::kCPU, 0)
          : read_model(options.model, c10::kCPU, 0, /*zoo=*/true);
  if (options.graph) {
    std::cout << print(model.graph) << std::flush;
    return;
  }
  if (!options.report.json) print_layers(model.graph);
  report(figures_of(model), options.report);
}

}  // namespace

void add_inspect_command(CLI::App& program) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App& command = *program.add_subcommand("inspect", "What is in a network");
  command.add_option("model", options->model, "A file, or a name of the model zoo");
  command.footer(
      "Examples:\n"
      "  octet inspect net.nnp\n"
      "  octet inspect resnet18 --image-size 32 --graph\n"
      "  octet inspect --functions");
  CLI::Option* functions =
      command.add_flag("--functions", options->functions,
                       "List the function types that .nnp files and text graphs may have");
  CLI::Option* operators =
      command
          .add_flag("--onnx-operators", options->onnx_operators,
                    "List the operators that .onnx files may have, beside those that ONNX itself "
                    "defines by a function of these")
          ->excludes(functions);
  command.add_flag("--graph", options->graph, "Print the whole network as a text graph")
      ->excludes(functions)
      ->excludes(operators);
  command.add_option("--image-size", options->image_size, "Of a zoo model: side of the images")
      ->check(positive_count())
      ->capture_default_str();
  command.add_option("--channels", options->channels, "Of a zoo model: channels of the images")
      ->check(positive_count())
      ->capture_default_str();
  command.add_option("--classes", options->zoo.num_classes, "Of a zoo model: number of classes")
      ->check(positive_count())
      ->capture_default_str();
  command.add_option("--width", options->zoo.width, "Of a zoo model: multiplies the channels")
      ->check(positive_number())
      ->capture_default_str();
  add_report_options(command, options->report);
  command.callback([options, &command] { run(*options, command); });
}

}  // namespace octet::cli
