// octet run: a network on arrays from files.
#include <ATen/ATen.h>

#include <chrono>

#include "octet/base/error.h"
#include "octet/cli/commands.h"
#include "octet/cli/file_options.h"
#include "octet/cli/machine_options.h"
#include "octet/cli/model_source.h"
#include "octet/cli/network_inputs.h"
#include "octet/cli/report.h"
#include "octet/formats/npy/npy.h"
#include "octet/graph/interpreter.h"

namespace octet::cli {

namespace {

struct RunCommandOptions {
  std::string model;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  MachineOptions machine;
  ReportOptions report;
};

struct WantedOutput {
  VariableId id;
  std::string path;
};

// By name any value of the network, the others in the order of its outputs.
std::vector<WantedOutput> wanted_outputs(const Graph& graph,
                                         const std::vector<std::string>& files) {
  std::vector<WantedOutput> wanted;
  size_t next = 0;
  for (const std::string& text : files) {
    const NamedFile file = parse_named_file(text, graph);
    VariableId id = kNoId;
    if (file.name.empty()) {
      OCTET_CHECK(next < graph.outputs().size(), "--output",
                  "there are more files than outputs, of which the network has {}",
                  graph.outputs().size());
      id = graph.outputs()[next++];
    } else {
      id = graph.find_variable(file.name);
    }
    check_writable(file.path, "--output");
    wanted.push_back({id, file.path});
  }
  return wanted;
}

void check_paths(const RunCommandOptions& options, const Graph& graph,
                 const std::vector<WantedOutput>& wanted) {
  CommandFiles files;
  files.read_models = {{"model", options.model}};
  for (const std::string& text : options.inputs) {
    files.read.push_back({"--input", parse_named_file(text, graph).path});
  }
  for (const WantedOutput& output : wanted) files.written.push_back({"--output", output.path});
  files.written.push_back({"--metrics", options.report.metrics});
  check_files(files);
}

// The wanted values by the engine, one after the other; null is the reference interpreter.
Values run_outputs(const Model& model, const Values& inputs,
                   const std::vector<WantedOutput>& wanted, const std::shared_ptr<Engine>& engine,
                   RandomState& random) {
  const RunOptions options{.gradients = false, .keep = {}, .observer = {}};
  std::vector<VariableId> targets;
  for (const WantedOutput& output : wanted) targets.push_back(output.id);
  if (engine == nullptr) {
    return octet::run(model.graph, *model.parameters, inputs, targets, random, options);
  }
  Values results;
  for (const VariableId id : targets) {
    if (model.graph.variable(id).kind != VariableKind::kActivation) {
      results.merge(octet::run(model.graph, *model.parameters, inputs, {id}, random, options));
    } else if (!results.contains(id)) {
      results.merge(engine->forward(model.graph, *model.parameters, inputs, id, random, options));
    }
  }
  return results;
}

void run(const RunCommandOptions& options) {
  check_writable(options.report.metrics, "--metrics");
  const c10::Device device = use_machine(options.machine);
  Model model = read_model(options.model, device);
  const std::vector<WantedOutput> wanted = wanted_outputs(model.graph, options.outputs);
  check_paths(options, model.graph, wanted);
  const std::vector<at::Tensor> inputs = read_inputs(model.graph, options.inputs);
  fit_batch(model.graph, batch_of(inputs), options.model);
  const std::vector<VariableId> ids = network_inputs(model.graph);
  Values values;
  for (size_t i = 0; i < ids.size(); ++i) values[ids[i]] = inputs[i];
  const std::shared_ptr<Engine> engine = make_engine(options.machine);
  RandomState random(0);
  const auto begin = std::chrono::steady_clock::now();
  const Values results = run_outputs(model, values, wanted, engine, random);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::vector<std::string> outputs;
  for (const WantedOutput& output : wanted) {
    const at::Tensor value = results.at(output.id).detach().to(c10::kCPU);
    write_npy(output.path, value);
    outputs.push_back(fmt::format("{} {}", model.graph.variable(output.id).name,
                                  to_string(Shape(value.sizes().vec()))));
  }
  report({{"outputs", outputs}, {"seconds", seconds}, {"peak_mb", peak_mb()}}, options.report);
}

}  // namespace

void add_run_command(CLI::App& program) {
  auto options = std::make_shared<RunCommandOptions>();
  CLI::App& command = *program.add_subcommand("run", "Run a network on arrays from .npy files");
  command.footer(
      "Examples:\n"
      "  octet run net.nnp --input x.npy --output y.npy\n"
      "  octet run net.nnp --input x0=image.npy --output y0=y.npy --output conv1_out=h.npy");
  command.add_option("model", options->model, "A file")->required();
  command
      .add_option("--input", options->inputs,
                  "[NAME=]FILE.npy for each input; without names in the network's order")
      ->required();
  command
      .add_option("--output", options->outputs,
                  "[NAME=]FILE.npy to write; by name any value of the network, without names its "
                  "outputs in order")
      ->required();
  add_machine_options(command, options->machine);
  add_engine_option(command, options->machine);
  add_report_options(command, options->report);
  command.callback([options] { run(*options); });
}

}  // namespace octet::cli
