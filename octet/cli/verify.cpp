// octet verify: two networks on the same inputs, or one of them in another runtime.
#include <filesystem>

#include "octet/base/error.h"
#include "octet/cli/commands.h"
#include "octet/cli/compare_networks.h"
#include "octet/cli/comparison_report.h"
#include "octet/cli/data_options.h"
#include "octet/cli/file_options.h"
#include "octet/cli/machine_options.h"
#include "octet/cli/model_sink.h"
#include "octet/cli/model_source.h"
#include "octet/cli/network_inputs.h"
#include "octet/cli/number_options.h"
#include "octet/cli/option_checks.h"
#include "octet/cli/quantization_noise.h"
#include "octet/cli/report.h"
#include "octet/cli/runtime_options.h"
#include "octet/cli/runtime_process.h"
#include "octet/cli/temporary_folder.h"
#include "octet/train/network_pair.h"

namespace octet::cli {

namespace {

struct VerifyOptions {
  std::string a;
  std::string b;
  std::vector<std::string> inputs;
  DataOptions data;
  RuntimeOptions runtime;
  std::optional<double> tolerance;
  std::optional<double> relative_tolerance;
  std::optional<double> step_tolerance;
  std::optional<double> share_tolerance;
  MachineOptions machine;
  ReportOptions report;
};

using Batches = std::vector<std::vector<at::Tensor>>;

// All batches of --data, or the one of --input.
Batches read_batches(const VerifyOptions& options, const Model& a) {
  if (!options.inputs.empty()) return {read_inputs(a.graph, options.inputs)};
  const Shape shape = a.graph.variable(only_image(a.graph, options.a)).type.shape;
  const auto loader = open_validation_data(options.data, shape.at(2));
  check_image_shape(*loader, Shape(shape.begin() + 1, shape.end()), options.a);
  Batches batches;
  while (const std::optional<Batch> batch = loader->next_in_epoch()) {
    batches.push_back({batch->image});
  }
  return batches;
}

// Whether the batch size of the network had to be freed for the batches.
bool fit_batches(Model& model, const Batches& batches, const std::string& where) {
  bool freed = false;
  for (const std::vector<at::Tensor>& inputs : batches) {
    freed = fit_batch(model.graph, batch_of(inputs), where) || freed;
  }
  return freed;
}

// A's inputs in B's order: by name where B has the name, else in the order of A.
std::vector<at::Tensor> inputs_for(const Graph& b, const Graph& a,
                                   const std::vector<at::Tensor>& inputs) {
  const std::vector<VariableId> a_ids = network_inputs(a);
  std::vector<at::Tensor> ordered;
  for (const VariableId id : network_inputs(b)) {
    const auto same = std::find_if(a_ids.begin(), a_ids.end(), [&](VariableId other) {
      return a.variable(other).name == b.variable(id).name;
    });
    const size_t index =
        same == a_ids.end() ? ordered.size() : static_cast<size_t>(same - a_ids.begin());
    OCTET_CHECK(index < inputs.size(), "verify", "B has the input '{}', which A has not",
                b.variable(id).name);
    ordered.push_back(inputs[index]);
  }
  return ordered;
}

void compare_with_model(const Batches& batches, const Model& a, const Model& b,
                        const std::shared_ptr<Engine>& engine, NetworkComparison& comparison,
                        std::optional<QuantizationNoise>& noise) {
  for (const std::vector<at::Tensor>& inputs : batches) {
    const RunResult result = run_with_values(b, inputs_for(b.graph, a.graph, inputs), engine);
    const auto add_noise = [&](VariableId id, const at::Tensor& value) {
      if (noise) noise->add(id, value, result.values);
    };
    comparison.add(inputs, result.outputs, result.values, add_noise);
  }
}

// `freed`: A is not what its file holds, but for its batch size.
void compare_with_runtime(const VerifyOptions& options, const Batches& batches, const Model& a,
                          bool freed, NetworkComparison& comparison) {
  const Runtime& runtime = runtime_named(options.runtime.with);
  const TemporaryFolder folder;
  std::string path = options.a;
  if (!path.ends_with(runtime.extension) || freed) {
    path = folder.file(fmt::format("network{}", runtime.extension));
    ModelWriteOptions write;
    write.target = runtime_target(options.runtime);
    write.check = false;
    write_model(path, a, write);
  }
  std::vector<std::string> names;
  for (const VariableId id : network_inputs(a.graph)) names.push_back(a.graph.variable(id).name);
  run_in_runtime(runtime, path, script_arguments(options.runtime), names, batches,
                 [&](size_t i, const RunResult& result) {
                   comparison.add(batches[i], result.outputs, result.values);
                 });
}

// The largest of the values that are counted in steps: the outputs need not be quantized.
double largest_steps(const NetworkComparison& comparison) {
  double steps = comparison.overall().max_steps;
  for (const LayerDifference& layer : comparison.layers()) {
    steps = std::max(steps, layer.difference.max_steps);
  }
  return steps;
}

bool counts_steps(const NetworkComparison& comparison) {
  if (comparison.overall().has_steps) return true;
  const std::vector<LayerDifference> layers = comparison.layers();
  return std::any_of(layers.begin(), layers.end(),
                     [](const LayerDifference& layer) { return layer.difference.has_steps; });
}

// Two NaNs are as equal as can be, but no result of a network that works.
void check_nans(const NetworkComparison& comparison) {
  const Difference& d = comparison.overall();
  if (d.nans_a + d.nans_b == 0) return;
  std::string first;
  for (const LayerDifference& layer : comparison.layers()) {
    if (layer.difference.nans_a + layer.difference.nans_b == 0) continue;
    first = fmt::format("; the first value with any is '{}' ({})", layer.value, layer.type);
    break;
  }
  throw CheckFailure(
      fmt::format("[verify] of {} elements of the outputs {} are NaN in A, {} in B{}", d.elements,
                  d.nans_a, d.nans_b, first));
}

void check_tolerances(const VerifyOptions& options, const NetworkComparison& comparison) {
  check_nans(comparison);
  if (options.step_tolerance && !counts_steps(comparison)) {
    throw CheckFailure(
        "[verify] --step-tolerance has nothing to measure: no value that is quantized in A is in B "
        "too; give the quantized network as A");
  }
  const Difference& d = comparison.overall();
  const auto check = [&](const std::optional<double>& bound, double value, std::string_view option,
                         std::string_view what) {
    if (!bound || value <= *bound) return;
    throw CheckFailure(
        fmt::format("[verify] {} {:g} is above {} {:g}", what, value, option, *bound));
  };
  check(options.tolerance, d.max_absolute, "--tolerance", "the largest difference of the outputs,");
  check(options.relative_tolerance, d.max_relative, "--relative-tolerance",
        "the largest relative difference of the outputs,");
  check(options.step_tolerance, largest_steps(comparison), "--step-tolerance",
        "the largest difference in quantization steps,");
  check(options.share_tolerance, d.share(), "--share-tolerance",
        "the share of the outputs' elements that differ, in percent,");
}

void check_paths(const VerifyOptions& options) {
  check_writable(options.report.metrics, "--metrics");
  CommandFiles files;
  files.read_models = {{"a", options.a}, {"b", options.b}};
  for (const std::string& text : options.inputs) {
    // [NAME=]FILE, whatever the names of the network are.
    files.read.push_back({"--input", text});
    files.read.push_back({"--input", text.substr(text.find('=') + 1)});
  }
  files.written = {{"--metrics", options.report.metrics}};
  check_files(files);
}

void run(const VerifyOptions& options, const CLI::App& command) {
  check_paths(options);
  OCTET_CHECK(options.b.empty() != options.runtime.with.empty(), "command line",
              "give either a second model or {}", runtime_choice());
  if (!options.runtime.with.empty()) check_runtime_options(options.runtime, options.a, command);
  OCTET_CHECK(options.inputs.empty() != options.data.data.empty(), "command line",
              "give either --input or --data");
  const c10::Device device = use_machine(options.machine);
  Model a = read_model(options.a, device);
  const Batches batches = read_batches(options, a);
  const bool freed = fit_batches(a, batches, options.a);
  const std::shared_ptr<Engine> engine = make_engine(options.machine);
  NetworkComparison comparison(a, engine);
  std::optional<Model> b;
  std::optional<QuantizationNoise> noise;
  if (options.runtime.with.empty()) {
    b = read_model(options.b, device);
    fit_batches(*b, batches, options.b);
    // An engine other than the interpreter does not show the float values that noise is counted of.
    if (engine == nullptr && !is_quantized(a.graph) && is_quantized(b->graph)) noise.emplace(a, *b);
    compare_with_model(batches, a, *b, engine, comparison, noise);
  } else {
    compare_with_runtime(options, batches, a, freed, comparison);
  }
  const std::vector<LayerDifference> layers = comparison.layers();
  nlohmann::ordered_json figures = figures_of(comparison.overall());
  nlohmann::ordered_json details = details_of(layers);
  figures["compared_values"] = layers.size();
  if (comparison.top1_agreement() >= 0) figures["top1_agreement"] = comparison.top1_agreement();
  if (noise) add_noise(*noise, figures, details);
  if (!options.report.json) {
    print_layers(layers);
    if (noise) print_noise(*noise);
  }
  report(figures, options.report, details);
  check_tolerances(options, comparison);
}

}  // namespace

void add_verify_command(CLI::App& program) {
  auto options = std::make_shared<VerifyOptions>();
  options->data.batch = 16;
  CLI::App& command =
      *program.add_subcommand("verify", "Compare two networks value by value on the same inputs");
  command.footer(
      "The table has the values that both networks have by name; the figures below it are of the "
      "outputs. Relative: |a - b| / max(|a|, |b|). Steps: in units of the value's quantization "
      "scale. Where A is float and B quantized, a second table has each layer's ratio of signal to "
      "quantization noise, the worst first. Exit code 1 if a tolerance that was given does not "
      "hold, or an output is NaN.\n"
      "Examples:\n"
      "  octet verify float.nnp qat.nnp --data fashion-mnist --max-examples 100\n"
      "  octet verify net.nnp net.onnx --input x.npy --tolerance 1e-5\n"
      "  octet verify qat.nnp --with onnxruntime --input x.npy --step-tolerance 1\n"
      "  octet verify net.nnp --with nnabla --input x.npy --tolerance 1e-5");
  command.add_option("a", options->a, "The first model: a file")->required();
  command.add_option("b", options->b, "The second model");
  add_runtime_options(command, options->runtime);
  command.add_option("--input", options->inputs, "[NAME=]FILE.npy for each input of A");
  add_data_options(command, options->data, /*training=*/false);
  CLI::Option* data = command.get_option("--data")->required(false);
  for (const char* name :
       {"--batch", "--max-examples", "--workers", "--skip-bad", "--mean", "--std"}) {
    command.get_option(name)->needs(data);
  }
  const auto bound = [&](const char* name, std::optional<double>& value, const char* help) {
    command.add_option(name, value, help)->check(non_negative_number());
  };
  bound("--tolerance", options->tolerance, "Bound on the absolute difference of the outputs");
  bound("--relative-tolerance", options->relative_tolerance, "Likewise on the relative one");
  bound("--step-tolerance", options->step_tolerance,
        "Bound on the difference of any quantized value, in steps");
  bound("--share-tolerance", options->share_tolerance,
        "Bound on the share of the outputs' elements that differ, in percent");
  add_machine_options(command, options->machine);
  options->machine.engine = "reference";
  add_engine_option(command, options->machine);
  add_report_options(command, options->report);
  command.callback([options, &command] { run(*options, command); });
}

}  // namespace octet::cli
