#include "octet/train/network_pair.h"

#include <algorithm>

#include "octet/base/error.h"
#include "octet/graph/free_batch.h"
#include "octet/graph/functions.h"
#include "octet/passes/remove_dropout.h"

namespace octet {

namespace {

// Adds label and loss above pred.
void add_loss(NetworkPair& pair) {
  Network network = pair.pred.network();
  pair.label = network.input("label", {pair.pred.shape().at(0), 1}, DType::kInt64);
  const Graph& graph = network.graph();
  const FunctionId last = graph.variable(pair.pred.id()).producer;
  const bool probabilities =
      last != kNoId && std::holds_alternative<Softmax>(graph.function(last).attributes);
  VariableRef scores = pair.pred;
  if (scores.shape().rank() > 2) {
    scores = F::reshape(scores, {.shape = {scores.shape().at(0), scores.shape().at(1)}});
  }
  const VariableRef losses = probabilities ? F::categorical_cross_entropy(scores, pair.label)
                                           : F::softmax_cross_entropy(scores, pair.label);
  pair.loss = F::mean(losses);
}

// Image classifiers of the ONNX model zoo end in a pooling: (N, classes, 1, 1).
void check_prediction(const VariableRef& pred, const std::string& where) {
  const Shape& shape = pred.shape();
  const bool scores = shape.rank() >= 2 && std::all_of(shape.begin() + 2, shape.end(),
                                                       [](int64_t dim) { return dim == 1; });
  OCTET_CHECK(scores, where, "the output must be (N, classes), one score per class, not {}",
              to_string(pred.shape()));
}

}  // namespace

void set_engine(const NetworkPair& networks, const std::shared_ptr<Engine>& engine) {
  networks.image.network().set_engine(engine);
  networks.validation_image.network().set_engine(engine);
}

NetworkPair build_network_pair(const BuildModel& build,
                               const std::shared_ptr<ParameterStore>& parameters,
                               const Shape& image_shape, int64_t batch_size) {
  Shape shape{batch_size};
  shape.insert(shape.end(), image_shape.begin(), image_shape.end());
  Network training(parameters, "training");
  Network validation(parameters, "validation");
  NetworkPair pair;
  pair.image = training.input("image", shape);
  pair.pred = build(pair.image, /*test=*/false);
  pair.validation_image = validation.input("image", shape);
  pair.validation_pred = build(pair.validation_image, /*test=*/true);
  check_prediction(pair.pred, "model");
  add_loss(pair);
  return pair;
}

VariableId only_image(const Graph& graph, const std::string& where) {
  std::vector<VariableId> inputs;
  for (const VariableId id : graph.leaves(graph.outputs())) {
    if (graph.variable(id).kind == VariableKind::kInput) inputs.push_back(id);
  }
  OCTET_CHECK(inputs.size() == 1, where, "the network must have one input, not {}", inputs.size());
  const Variable& image = graph.variable(inputs[0]);
  OCTET_CHECK(image.type.shape.rank() == 4, where,
              "the input '{}' must be images (N, C, H, W), not {}", image.name,
              to_string(image.type.shape));
  return inputs[0];
}

VariableId only_output(const Graph& graph, const std::string& where) {
  OCTET_CHECK(graph.outputs().size() == 1, where, "the network must have one output, not {}",
              graph.outputs().size());
  return graph.outputs()[0];
}

void set_batch_stat(Graph& graph, bool batch_stat) {
  for (const FunctionId id : graph.topological_order()) {
    Function& function = graph.mutable_function(id);
    if (auto* plain = std::get_if<BatchNormalization>(&function.attributes)) {
      const bool has_statistics =
          BatchNormalizationInputs(*plain, function.inputs.size()).mean >= 0;
      plain->batch_stat = batch_stat || !has_statistics;
    } else if (auto* fused = std::get_if<FusedBatchNormalization>(&function.attributes)) {
      fused->batch_stat = batch_stat;
    }
  }
}

NetworkPair network_pair_of(const Graph& given, const std::shared_ptr<ParameterStore>& parameters,
                            const std::string& where) {
  const VariableId image = only_image(given, where);
  const VariableId pred = only_output(given, where);
  // A file may name the batch size that it was exported with, mostly 1.
  const bool free = given.variable(image).type.shape[0] == kFreeDim;
  const Graph graph = free ? given : with_free_batch(given);
  Graph training = graph;
  training.set_name("training");
  set_batch_stat(training, true);
  Graph validation = without_dropout(graph);
  validation.set_name("validation");
  set_batch_stat(validation, false);
  Network training_network = make_network(std::move(training), parameters);
  Network validation_network = make_network(std::move(validation), parameters);
  NetworkPair pair;
  pair.image = training_network.ref(image);
  pair.pred = training_network.ref(pred);
  pair.validation_image = validation_network.ref(image);
  pair.validation_pred = validation_network.ref(pred);
  check_prediction(pair.pred, where);
  add_loss(pair);
  return pair;
}

}  // namespace octet
