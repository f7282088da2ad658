// octet convert: a model from one file format to another.
#include <filesystem>

#include "octet/base/error.h"
#include "octet/cli/commands.h"
#include "octet/cli/file_options.h"
#include "octet/cli/model_sink.h"
#include "octet/cli/model_source.h"
#include "octet/cli/number_options.h"
#include "octet/cli/option_checks.h"
#include "octet/cli/report.h"
#include "octet/passes/remove_dropout.h"

namespace octet::cli {

namespace {

struct ConvertOptions {
  std::string in;
  std::string out;
  std::string target = "default";
  bool no_check = false;
  ModelWriteOptions write;
  ReportOptions report;
};

// Options of a format that is not written are errors.
void check_options(const ConvertOptions& options, const ModelFormat& format,
                   const CLI::App& command) {
  if (!options.out.ends_with(".nnp")) {
    refuse_options(command, {"--parameters"},
                   fmt::format("is for .nnp files, and {} is none", options.out));
  }
  if (!options.out.ends_with(".onnx")) {
    refuse_options(command, {"--opset"},
                   fmt::format("is for .onnx files, and {} is none", options.out));
  }
  if (!format.keeps_parameters) {
    refuse_options(command, {"--no-check"}, "a text graph is not checked in any case");
  }
}

void run(const ConvertOptions& options, const CLI::App& command) {
  check_writable(options.out, "OUT");
  check_writable(options.report.metrics, "--metrics");
  check_files({.read_models = {{"IN", options.in}},
               .written_models = {{"OUT", options.out}},
               .written = {{"--metrics", options.report.metrics}}});
  const ModelFormat& format = format_of(options.out);
  check_options(options, format, command);
  Model model = read_model(options.in, c10::kCPU);
  // Programs that run .onnx files do not train.
  if (options.out.ends_with(".onnx")) model.graph = without_dropout(std::move(model.graph));
  ModelWriteOptions write = options.write;
  write.target = parse_target(options.target);
  write.check = !options.no_check;
  write_model(options.out, model, write);
  const bool checked = write.check && (format.keeps_parameters || format.checks_itself);
  report({{"out", options.out},
          {"format", format.name},
          {"bytes", std::filesystem::file_size(options.out)},
          {"checked", checked}},
         options.report);
}

}  // namespace

void add_convert_command(CLI::App& program) {
  auto options = std::make_shared<ConvertOptions>();
  CLI::App& command = *program.add_subcommand("convert", "Write a model in another file format");
  std::string formats;
  for (const ModelFormat& format : model_formats()) {
    formats += fmt::format("\n  {}: {}", fmt::join(format.extensions, ", "), format.name);
  }
  command.footer("Formats, by the extension:" + formats +
                 "\nExamples:\n"
                 "  octet convert net.nnp net.nntxt\n"
                 "  octet convert net.onnx net.nnp --parameters protobuf\n"
                 "  octet convert qat.nnp qat.onnx --target onnxruntime --deploy");
  command.add_option("in", options->in, "The file to read")->required();
  command.add_option("out", options->out, "The file to write")->required();
  command.add_option("--target", options->target, "Who will run it; its rules must hold")
      ->check(CLI::IsMember({"default", "nnabla", "tensorrt", "onnxruntime"}))
      ->capture_default_str();
  command.add_option("--parameters", options->write.parameter_format, "In a .nnp: h5 or protobuf")
      ->check(CLI::IsMember({"h5", "protobuf"}))
      ->capture_default_str();
  command.add_option("--opset", options->write.opset, "Of a .onnx: the version of its operators")
      ->check(count_between(13, 21))
      ->capture_default_str();
  command.add_flag("--deploy", options->write.deploy,
                   "Store quantized weights and biases as integers");
  command.add_flag("--no-check", options->no_check,
                   "Do not read the file back and compare it with the network");
  add_report_options(command, options->report);
  command.callback([options, &command] { run(*options, command); });
}

}  // namespace octet::cli
