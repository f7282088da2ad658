#include "octet/cli/model_source.h"

#include <filesystem>

#include "octet/base/error.h"
#include "octet/graph/network.h"
#include "octet/models/zoo.h"
#include "octet/passes/release_batch_size.h"

namespace octet::cli {

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
  return format_of(path).read(path, device, seed);
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
