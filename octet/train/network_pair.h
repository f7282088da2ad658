// A training and a validation network over the same parameters: what one trains with.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "octet/graph/network.h"

namespace octet {

struct NetworkPair {
  // The training network: batch normalization by batch statistics.
  VariableRef image;  // (N, C, H, W)
  VariableRef label;  // (N, 1), int64
  VariableRef pred;   // (N, classes), or (N, classes, 1, 1)
  VariableRef loss;   // the mean cross entropy, (1) or ()
  // The validation network: batch normalization by running statistics, no Dropout.
  VariableRef validation_image;
  VariableRef validation_pred;
};

// Both networks are computed by `engine`; null is the reference interpreter.
void set_engine(const NetworkPair& networks, const std::shared_ptr<Engine>& engine);

// Builds a classifier's output from its input; `test` is true for the validation network.
using BuildModel = std::function<VariableRef(const VariableRef& image, bool test)>;

// Both networks by calling `build` twice. image_shape: (C, H, W).
NetworkPair build_network_pair(const BuildModel& build,
                               const std::shared_ptr<ParameterStore>& parameters,
                               const Shape& image_shape, int64_t batch_size);

// Both networks from one that is there already, e.g. read from a file: they differ in batch_stat,
// and the validation network has no Dropout. Its parameters must be in the store. A network that
// ends in Softmax gets the cross entropy of probabilities, others that of logits. A batch size that
// the graph names is freed. Throws Error, prefixed with `where`, unless it has one image as input
// and one output (N, classes), behind which dimensions of 1 may follow.
NetworkPair network_pair_of(const Graph& graph, const std::shared_ptr<ParameterStore>& parameters,
                            const std::string& where);

// The only input of the graph, an image (N, C, H, W), and its only output. Throw Error, prefixed
// with `where`, if there are others.
VariableId only_image(const Graph& graph, const std::string& where);
VariableId only_output(const Graph& graph, const std::string& where);

// Whether batch normalizations take the batch's statistics; those without running statistics do in
// any case.
void set_batch_stat(Graph& graph, bool batch_stat);

}  // namespace octet
