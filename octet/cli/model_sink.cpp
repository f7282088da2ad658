#include "octet/cli/model_sink.h"

#include <ATen/ATen.h>
#include <unistd.h>

#include <filesystem>

#include "octet/base/error.h"
#include "octet/graph/interpreter.h"
#include "octet/graph/random_inputs.h"
#include "octet/passes/integer_functions.h"
#include "octet/passes/quantize_parameters.h"
#include "octet/quant/difference.h"
#include "octet/targets/check_graph.h"

namespace octet::cli {

namespace {

// A file beside the one to be written, which is removed unless it was renamed.
class Candidate {
 public:
  explicit Candidate(const std::string& path) : target_(path) {
    const std::filesystem::path file(path);
    path_ = (file.parent_path() /
             fmt::format(".{}.{}{}", file.stem().string(), ::getpid(), file.extension().string()))
                .string();
  }
  ~Candidate() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  Candidate(const Candidate&) = delete;
  Candidate& operator=(const Candidate&) = delete;

  const std::string& path() const { return path_; }
  void accept() const {
    std::error_code error;
    std::filesystem::rename(path_, target_, error);
    OCTET_CHECK_FILE(!error, target_, "cannot be written: {}", error.message());
  }

 private:
  std::string target_;
  std::string path_;
};

std::vector<at::Tensor> outputs_of(const Model& model, const std::vector<at::Tensor>& inputs) {
  const std::vector<VariableId> ids = network_inputs(model.graph);
  Values values;
  for (size_t i = 0; i < ids.size(); ++i) values[ids[i]] = inputs.at(i);
  RandomState random(0);
  const Values results = run(model.graph, *model.parameters, values, model.graph.outputs(), random,
                             {.gradients = false, .keep = {}, .observer = {}});
  std::vector<at::Tensor> outputs;
  for (const VariableId id : model.graph.outputs()) outputs.push_back(results.at(id));
  return outputs;
}

// Both run the same functions on the same numbers, so the outputs are equal to the bit.
void check_copy(const std::string& path, const Model& model, const std::string& copy) {
  const Model read = format_of(copy).read(copy, c10::kCPU, 0);
  OCTET_CHECK(network_inputs(read.graph).size() == network_inputs(model.graph).size(), path,
              "the file read back has other inputs than the network");
  const std::vector<at::Tensor> inputs = random_inputs(model.graph);
  const std::vector<at::Tensor> expected = outputs_of(model, inputs);
  const std::vector<at::Tensor> found = outputs_of(read, inputs);
  for (size_t i = 0; i < expected.size(); ++i) {
    Difference difference;
    difference.add(expected[i], found.at(i));
    OCTET_CHECK(difference.differing == 0, path,
                "the file read back differs from the network at output {}: {:g} at most; nothing "
                "was written (--no-check turns this off)",
                i, difference.max_absolute);
  }
}

// Whether weights are integers in the file itself.
bool stores_integers(const Graph& graph) {
  const std::vector<FunctionId> order = graph.topological_order(graph.outputs());
  return std::any_of(order.begin(), order.end(), [&](FunctionId id) {
    const Function& function = graph.function(id);
    const bool reads_integers = is_integer_function(function.attributes) ||
                                std::holds_alternative<DequantizeLinear>(function.attributes);
    return reads_integers &&
           std::any_of(function.inputs.begin(), function.inputs.end(), [&](VariableId input) {
             const Variable& variable = graph.variable(input);
             return variable.kind == VariableKind::kParameter &&
                    variable.type.dtype == DType::kInt8;
           });
  });
}

// The same network with quantized weights and biases as the integers that they stand for; one that
// has them already as it is.
Model deployed(const Model& model) {
  Model result{model.graph, std::make_shared<ParameterStore>(model.parameters->clone()),
               model.extra};
  PassContext context;
  context.outputs = result.graph.outputs();
  context.parameters = result.parameters.get();
  ConversionMemory memory;
  context.memory = &memory;
  result.graph = compact(quantize_parameters(std::move(result.graph), context));
  std::string difference;
  const bool as_it_was = equal(result.graph, compact(model.graph), &difference);
  OCTET_CHECK(!as_it_was || stores_integers(result.graph), "--deploy",
              "no weight of the network is quantized");
  return result;
}

}  // namespace

void write_model(const std::string& path, const Model& model, const ModelWriteOptions& options) {
  const ModelFormat& format = format_of(path);
  if (options.deploy) {
    ModelWriteOptions rest = options;
    rest.deploy = false;
    return write_model(path, deployed(model), rest);
  }
  require_target(model.graph, *model.parameters, options.target);
  if (!options.check || format.checks_itself || !format.keeps_parameters) {
    return format.write(path, model, options);
  }
  const Candidate candidate(path);
  format.write(candidate.path(), model, options);
  check_copy(path, model, candidate.path());
  candidate.accept();
}

}  // namespace octet::cli
