#include "octet/cli/text_graph_file.h"

#include "octet/base/logging.h"
#include "octet/formats/file_io.h"
#include "octet/graph/text.h"

namespace octet::cli {

namespace {

// Initial values for a text graph, which has none: weights (rank 2 and more) are drawn by Glorot's
// rule; scales and variances, told by the input that they feed, are 1, all else 0.
Initializer initializer_for(const Graph& graph, const Variable& parameter, const Use& use) {
  const Function& function = graph.function(use.function);
  const std::string_view role = input_spec(function.attributes, use.input_index).name;
  if (const auto* op = std::get_if<BatchNormalization>(&function.attributes)) {
    const BatchNormalizationInputs inputs(*op, function.inputs.size());
    const int index = static_cast<int>(use.input_index);
    return constant_initializer(index == inputs.gamma || index == inputs.variance ? 1 : 0);
  }
  if (role == "gamma" || role == "variance" || role == "scale") return constant_initializer(1);
  if (role != "weight") return constant_initializer(0);
  return std::holds_alternative<Affine>(function.attributes) ? glorot_uniform_affine()
                                                             : glorot_uniform_convolution();
}

bool is_trained(const Graph& graph, const Use& use) {
  const Function& function = graph.function(use.function);
  const auto* op = std::get_if<BatchNormalization>(&function.attributes);
  if (op == nullptr) {
    const std::string_view role = input_spec(function.attributes, use.input_index).name;
    return role != "mean" && role != "variance" && role != "scale" && role != "zero_point";
  }
  const BatchNormalizationInputs inputs(*op, function.inputs.size());
  const int index = static_cast<int>(use.input_index);
  return index != inputs.mean && index != inputs.variance;
}

void create_parameters(const Graph& graph, ParameterStore& store) {
  const Uses uses(graph);
  for (const VariableId id : graph.leaves(graph.outputs())) {
    const Variable& variable = graph.variable(id);
    if (variable.kind != VariableKind::kParameter) continue;
    const Use& use = uses.of(id).at(0);
    store.get_or_create(variable.name, variable.type.shape, initializer_for(graph, variable, use),
                        is_trained(graph, use));
  }
}

}  // namespace

Model read_text_graph(const std::string& path, c10::Device device, uint64_t seed) {
  Model model{parse_graph(read_file(path), path), std::make_shared<ParameterStore>(seed, device)};
  create_parameters(model.graph, *model.parameters);
  return model;
}

void write_text_graph(const std::string& path, const Model& model, const ModelWriteOptions&) {
  write_file_atomically(path, print(model.graph));
  if (model.parameters->size() > 0) {
    log_warning("[{}] a text graph holds no parameters; they are left out", path);
  }
}

}  // namespace octet::cli
