#include "octet/cli/model_source.h"

#include <ATen/ATen.h>

#include <array>
#include <filesystem>

#include "octet/base/error.h"
#include "octet/formats/file_io.h"
#include "octet/formats/nnp/nnp.h"
#include "octet/graph/text.h"
#include "octet/models/zoo.h"
#include "octet/passes/release_batch_size.h"

namespace octet::cli {

namespace {

bool has_extension(const std::string& path, std::initializer_list<std::string_view> extensions) {
  const std::string extension = std::filesystem::path(path).extension().string();
  return std::find(extensions.begin(), extensions.end(), extension) != extensions.end();
}

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

bool names_zoo_model(const std::string& name) {
  return models::is_model(name) && !std::filesystem::exists(name);
}

Model read_model(const std::string& path, c10::Device device, uint64_t seed, bool zoo) {
  if (!std::filesystem::exists(path)) {
    OCTET_CHECK_FILE(!zoo, path, "neither a file nor a model of the zoo, which has {}",
                     fmt::join(models::model_names(), ", "));
    OCTET_CHECK_FILE(!models::is_model(path), path,
                     "there is no such file; a model of the zoo has to be trained first");
    throw_file_error(path, "there is no such file");
  }
  if (has_extension(path, {".nnp", ".nntxt", ".prototxt"})) {
    NnpModel model = read_nnp(path, {.device = device, .seed = seed});
    return {std::move(model.graph), std::move(model.parameters)};
  }
  OCTET_CHECK_FILE(has_extension(path, {".txt", ".octet"}), path,
                   "the extension says no format that can be read; there are .nnp, .nntxt, "
                   ".prototxt, and .txt or .octet for text graphs");
  Model model{parse_graph(read_file(path), path), std::make_shared<ParameterStore>(seed, device)};
  create_parameters(model.graph, *model.parameters);
  return model;
}

Model build_zoo_model(const std::string& name, const Shape& image_shape, const ZooOptions& options,
                      c10::Device device, uint64_t seed) {
  auto parameters = std::make_shared<ParameterStore>(seed, device);
  Network network(parameters, name);
  Shape shape{1};
  shape.insert(shape.end(), image_shape.begin(), image_shape.end());
  const VariableRef image = network.input("image", shape);
  const VariableRef output = models::build_model(
      name, image, {.test = true, .num_classes = options.num_classes, .width = options.width});
  Graph graph = network.graph();
  graph.set_outputs({output.id()});
  PassContext context;
  context.outputs = graph.outputs();
  context.parameters = parameters.get();
  return {compact(release_batch_size(std::move(graph), context)), parameters};
}

}  // namespace octet::cli
