// A sample of an operation as a network of its own.
#pragma once

#include <algorithm>

#include "octet/base/error.h"
#include "octet/graph/parameter_store.h"
#include "tests/support/op_samples.h"
#include "tests/support/run_operation.h"

namespace octet {

// What is a parameter of the operation is in the store, the rest are inputs x<i> with a free batch
// where the sample allows it. The function is named "layer".
struct OneLayer {
  explicit OneLayer(const OpSample& sample) {
    std::vector<VariableId> ids;
    for (size_t i = 0; i < sample.inputs.size(); ++i) {
      VariableType type = type_of(sample.inputs[i]);
      const std::string name = fmt::format("x{}", i);
      if (input_spec(sample.attributes, i).parameter) {
        parameters.set(name, sample.inputs[i], /*need_grad=*/false);
        ids.push_back(graph.add_parameter(name, type));
        continue;
      }
      if (std::find(sample.batch.begin(), sample.batch.end(), i) != sample.batch.end()) {
        type.shape[0] = kFreeDim;
      }
      ids.push_back(graph.add_input(name, type));
      inputs.push_back(sample.inputs[i]);
      input_names.push_back(name);
    }
    graph.set_outputs(graph.function(graph.add_function(sample.attributes, ids, "layer")).outputs);
  }

  Graph graph;
  ParameterStore parameters;
  std::vector<at::Tensor> inputs;
  std::vector<std::string> input_names;
};

}  // namespace octet
