#include "octet/cli/network_inputs.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "octet/base/error.h"
#include "octet/formats/npy/npy.h"
#include "octet/graph/free_batch.h"
#include "octet/graph/random_inputs.h"
#include "octet/ops/scalar_types.h"

namespace octet::cli {

namespace {

at::Tensor converted(const at::Tensor& value, const Variable& input, const std::string& path) {
  const at::ScalarType wanted = scalar_type_of(input.type.dtype);
  const at::Tensor result = value.to(wanted);
  const bool both_float = at::isFloatingType(wanted) && at::isFloatingType(value.scalar_type());
  OCTET_CHECK(both_float || at::equal(result.to(value.scalar_type()), value), path,
              "input '{}' is {}, and the file's {} values do not fit", input.name,
              to_string(input.type.dtype), c10::toString(value.scalar_type()));
  return result;
}

std::string names_of(const Graph& graph, const std::vector<VariableId>& ids) {
  std::vector<std::string> names;
  for (const VariableId id : ids) {
    names.push_back(
        fmt::format("{} {}", graph.variable(id).name, to_string(graph.variable(id).type.shape)));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

// kFreeDim where the network names none.
int64_t stated_batch(const Graph& graph) {
  for (const VariableId id : network_inputs(graph)) {
    const Shape& shape = graph.variable(id).type.shape;
    if (shape.rank() > 0) return shape[0];
  }
  return kFreeDim;
}

// The first layer whose shapes do not fit when the inputs that have the stated batch size, or a
// free one, get another: "layer 'flatten' (why)". Empty where all fit.
std::string misfit(const Graph& graph, int64_t batch, int64_t stated) {
  std::vector<VariableType> types(static_cast<size_t>(graph.num_variable_slots()));
  for (const VariableId id : graph.leaves(graph.outputs())) {
    const Variable& variable = graph.variable(id);
    types[id] = variable.type;
    Shape& shape = types[id].shape;
    if (variable.kind != VariableKind::kInput || shape.rank() == 0) continue;
    if (shape[0] == kFreeDim || shape[0] == stated) shape[0] = batch;
  }
  for (const FunctionId id : graph.topological_order(graph.outputs())) {
    const Function& function = graph.function(id);
    std::vector<VariableType> operands;
    for (const VariableId input : function.inputs) operands.push_back(types[input]);
    try {
      const OutputTypes outputs = infer_types(function.attributes, operands);
      for (size_t i = 0; i < outputs.size(); ++i) types[function.outputs[i]] = outputs[i];
    } catch (const Error& error) {
      return fmt::format("layer '{}' ({})", graph.display_name(id), error.what());
    }
  }
  return "";
}

}  // namespace

bool fit_batch(Graph& graph, int64_t batch, const std::string& where) {
  const int64_t fixed = stated_batch(graph);
  if (fixed == batch || batch == 0) return false;
  // Of several inputs with a free dimension it need not be the same one.
  const bool is_free = fixed == kFreeDim;
  if (is_free && network_inputs(graph).size() > 1) return false;
  Graph freed = is_free ? graph : with_free_batch(graph);
  const std::string obstacle = misfit(freed, batch, fixed);
  OCTET_CHECK(obstacle.empty() || is_free, where,
              "the network takes batches of {} alone, not of {}, because of {}; export it with a "
              "free batch size",
              fixed, batch, obstacle);
  OCTET_CHECK(obstacle.empty(), where,
              "the network takes no batches of {}, because of {}; export it with a free batch size",
              batch, obstacle);
  if (is_free) return false;
  graph = std::move(freed);
  return true;
}

int64_t batch_of(const std::vector<at::Tensor>& inputs) {
  for (const at::Tensor& input : inputs) {
    if (input.dim() > 0) return input.size(0);
  }
  return 0;
}

NamedFile parse_named_file(const std::string& text, const Graph& graph) {
  for (size_t at = text.find('='); at != std::string::npos; at = text.find('=', at + 1)) {
    const std::string name = text.substr(0, at);
    if (graph.find_variable(name) != kNoId) return {name, text.substr(at + 1)};
  }
  const size_t equals = text.find('=');
  OCTET_CHECK(equals == std::string::npos || text.find('/') < equals, text.substr(0, equals),
              "the network has no value of this name");
  return {"", text};
}

std::vector<at::Tensor> read_inputs(const Graph& graph, const std::vector<std::string>& files) {
  const std::vector<VariableId> ids = network_inputs(graph);
  std::vector<at::Tensor> values(ids.size());
  std::vector<NamedFile> unnamed;
  const auto put = [&](size_t index, const std::string& path) {
    const Variable& input = graph.variable(ids[index]);
    OCTET_CHECK(!values[index].defined(), "--input", "'{}' is given twice", input.name);
    values[index] = converted(read_npy(path), input, path);
  };
  for (const std::string& text : files) {
    NamedFile file = parse_named_file(text, graph);
    if (file.name.empty()) {
      unnamed.push_back(std::move(file));
      continue;
    }
    const auto found = std::find(ids.begin(), ids.end(), graph.find_variable(file.name));
    OCTET_CHECK(found != ids.end(), "--input", "'{}' is no input of the network, which has {}",
                file.name, names_of(graph, ids));
    put(static_cast<size_t>(found - ids.begin()), file.path);
  }
  size_t next = 0;
  for (const NamedFile& file : unnamed) {
    while (next < ids.size() && values[next].defined()) ++next;
    OCTET_CHECK(next < ids.size(), "--input", "there are more files than inputs, which are {}",
                names_of(graph, ids));
    put(next, file.path);
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    OCTET_CHECK(values[i].defined(), "--input", "input '{}' {} is not given",
                graph.variable(ids[i]).name, to_string(graph.variable(ids[i]).type.shape));
  }
  return values;
}

}  // namespace octet::cli
