// Two networks on the same inputs, value by value.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "octet/cli/model_formats.h"
#include "octet/graph/engine.h"
#include "octet/quant/difference.h"

namespace octet::cli {

// The values of a run by their names.
using NamedValues = std::map<std::string, at::Tensor>;

struct LayerDifference {
  std::string value;  // the name that both networks have
  std::string type;   // of the function that makes it, in A
  Difference difference;
};

// Called with each value of A, by its id, as it is computed.
using ValueObserver = std::function<void(VariableId, const at::Tensor&)>;

// Collects over any number of batches.
class NetworkComparison {
 public:
  // `model` is A; its graph gives the order, the types and the scales of quantized values, which
  // may be Q/DQ pairs, integer functions or stored integers. `engine` as for run_with_values().
  explicit NetworkComparison(const Model& model, std::shared_ptr<Engine> engine = nullptr);

  // Runs A on the inputs (one for each of network_inputs) and compares with what B gave for them:
  // its outputs in order, and whatever of its values has a name. Values of other shapes are passed
  // by. `observer`, if there is one, sees all values of A that the engine shows. Throws Error if
  // the outputs differ in number or shape.
  void add(const std::vector<at::Tensor>& inputs, const std::vector<at::Tensor>& outputs_b,
           const NamedValues& values_b, const ValueObserver& observer = {});

  // In the order of A; only values that were compared.
  std::vector<LayerDifference> layers() const;
  const Difference& overall() const { return overall_; }
  // Percent of the rows of an output (N, classes) whose largest element is the same; -1 if there is
  // no such output.
  double top1_agreement() const;

 private:
  at::Tensor scale_of(VariableId id) const;
  void compare_outputs(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b);

  const Model& model_;
  std::shared_ptr<Engine> engine_;
  std::vector<VariableId> order_;
  std::map<VariableId, at::Tensor> scales_;
  std::map<VariableId, Difference> differences_;
  Difference overall_;
  int64_t rows_ = 0;
  int64_t agreeing_ = 0;
};

// Runs a network: its outputs in order, and its values by name. Null, the reference interpreter,
// shows all values; another engine its integers alone, since what it fuses between them is never
// there.
struct RunResult {
  std::vector<at::Tensor> outputs;
  NamedValues values;
};
RunResult run_with_values(const Model& model, const std::vector<at::Tensor>& inputs,
                          const std::shared_ptr<Engine>& engine = nullptr);

}  // namespace octet::cli
