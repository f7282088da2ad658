// octet lint: a network against the rules of the program that will run it.
#include <iostream>

#include "octet/base/error.h"
#include "octet/cli/commands.h"
#include "octet/cli/file_options.h"
#include "octet/cli/model_source.h"
#include "octet/cli/report.h"
#include "octet/cli/saved_config.h"
#include "octet/cli/table.h"
#include "octet/targets/explain_layers.h"
#include "octet/targets/integer_values.h"

namespace octet::cli {

namespace {

struct LintOptions {
  std::string model;
  std::string target;
  bool strict = false;
  ReportOptions report;
};

void print_report(const std::vector<LayerReport>& layers, const std::vector<Finding>& findings) {
  Table table{{"layer", "type", "state", "why", "outcome"}};
  for (const LayerReport& layer : layers) {
    table.push_back(
        {layer.layer, layer.type, std::string(to_string(layer.state)), layer.why, layer.outcome});
  }
  print_table(table);
  for (const Finding& finding : findings) {
    std::cout << fmt::format("{}: {}[{}] {}\n", finding.refused ? "refused" : "advice",
                             finding.layer.empty() ? "" : finding.layer + ": ", finding.rule,
                             finding.message);
  }
  if (!findings.empty()) std::cout << '\n';
}

nlohmann::ordered_json details_of(const std::vector<LayerReport>& layers,
                                  const std::vector<Finding>& findings) {
  nlohmann::ordered_json details = {{"layers", nlohmann::ordered_json::array()},
                                    {"list", nlohmann::ordered_json::array()}};
  for (const LayerReport& layer : layers) {
    details["layers"].push_back({{"layer", layer.layer},
                                 {"type", layer.type},
                                 {"state", to_string(layer.state)},
                                 {"why", layer.why},
                                 {"outcome", layer.outcome}});
  }
  for (const Finding& finding : findings) {
    details["list"].push_back({{"layer", finding.layer},
                               {"rule", finding.rule},
                               {"message", finding.message},
                               {"refused", finding.refused}});
  }
  return details;
}

// A float network breaks no rule of how to quantize, and yet nothing runs as it was meant to.
std::vector<Finding> findings_of(const Model& model, const std::string& target) {
  std::vector<Finding> findings = check_graph(model.graph, *model.parameters, parse_target(target));
  if (findings.empty() && !is_quantized(model.graph)) {
    findings.push_back(
        {.rule = "float-network",
         .message = fmt::format("target {}: nothing in the network is quantized, so all of it "
                                "runs in float",
                                target),
         .refused = true});
  }
  return findings;
}

void run(const LintOptions& options) {
  check_writable(options.report.metrics, "--metrics");
  check_files({.read_models = {{"model", options.model}},
               .written = {{"--metrics", options.report.metrics}}});
  const Target target = parse_target(options.target);
  const Model model = read_model(options.model, c10::kCPU);
  const std::optional<QATConfig> config = saved_config(model);
  const std::vector<Finding> findings = findings_of(model, options.target);
  const std::vector<LayerReport> layers =
      explain_layers(model.graph, *model.parameters, target, findings, config ? &*config : nullptr);
  int64_t quantized = 0;
  for (const LayerReport& layer : layers) quantized += layer.state == LayerState::QUANTIZED ? 1 : 0;
  int64_t refused = 0;
  for (const Finding& finding : findings) refused += finding.refused ? 1 : 0;
  if (!options.report.json) print_report(layers, findings);
  report({{"target", options.target},
          {"total_layers", layers.size()},
          {"quantized_layers", quantized},
          {"findings", findings.size()},
          {"refused", refused}},
         options.report, details_of(layers, findings));
  if (options.strict ? findings.empty() : refused == 0) return;
  throw CheckFailure(fmt::format("[{}] departures from the rules of {}: {}, of which it refuses {}",
                                 options.model, options.target, findings.size(), refused));
}

}  // namespace

void add_lint_command(CLI::App& program) {
  auto options = std::make_shared<LintOptions>();
  CLI::App& command = *program.add_subcommand(
      "lint", "Hold a quantized network against the rules of what will run it");
  command.footer(
      "Says for each layer why it is or isn't quantized, and what the target makes of it. Exit "
      "code 1 if the target refuses it or computes other numbers, with --strict for advice too.\n"
      "Example:\n"
      "  octet lint qat.nnp --target tensorrt");
  command.add_option("model", options->model, "A file")->required();
  command.add_option("--target", options->target, "Who will run it")
      ->check(CLI::IsMember({"default", "nnabla", "tensorrt", "onnxruntime"}))
      ->required();
  command.add_flag("--strict", options->strict,
                   "Advice (runs slower, or in float) counts as a failure too");
  add_report_options(command, options->report);
  command.callback([options] { run(*options); });
}

}  // namespace octet::cli
