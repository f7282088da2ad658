// format_nnp and write_nnp.
#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/formats/archive.h"
#include "octet/formats/file_io.h"
#include "octet/formats/nnp/network_writer.h"
#include "octet/formats/nnp/nnp.h"
#include "octet/formats/nnp/parameter_files.h"
#include "octet/formats/nnp/parameter_hdf5.h"
#include "octet/formats/nnp/parameter_protobuf.h"
#include "octet/formats/nnp/training_members.h"
#include "octet/graph/free_batch.h"

namespace octet {
namespace {

std::vector<StoredParameter> used_parameters(const Graph& graph, const ParameterStore& parameters) {
  std::vector<std::string> names;
  for (const VariableId id : graph.leaves(graph.outputs())) {
    const Variable& variable = graph.variable(id);
    if (variable.kind != VariableKind::kParameter) continue;
    OCTET_CHECK(parameters.find(variable.name) != nullptr, variable.name,
                "the network uses this parameter, but it has no value");
    names.push_back(variable.name);
  }
  return stored_parameters(parameters, names);
}

// parameter.protobuf holds float32 only.
void check_exact_as_float(const std::vector<StoredParameter>& parameters) {
  for (const StoredParameter& parameter : parameters) {
    const at::Tensor& value = parameter.value;
    if (value.scalar_type() == at::kFloat) continue;
    OCTET_CHECK(at::equal(value.to(at::kFloat).to(value.scalar_type()), value), parameter.name,
                "the {} values of this parameter are not exact in parameter.protobuf, which holds "
                "float32; save with parameter.h5",
                c10::toString(value.scalar_type()));
  }
}

ArchiveMember parameter_member(const std::vector<StoredParameter>& parameters,
                               ParameterFormat format) {
  if (format == ParameterFormat::kHdf5) return {"parameter.h5", format_parameter_hdf5(parameters)};
  check_exact_as_float(parameters);
  return {"parameter.protobuf", format_parameter_protobuf(parameters)};
}

// The network as it is saved, and what goes into the two kinds of file.
struct SavedNetwork {
  Graph graph;
  WrittenNetwork network;
};

SavedNetwork saved_network(const Graph& graph, const NnpWriteOptions& options) {
  OCTET_CHECK(!graph.outputs().empty(), graph.name(), "the network has no outputs to save");
  SavedNetwork saved{compact(graph), {}};
  if (options.variable_batch_size) {
    saved.graph = with_free_batch(saved.graph);
  }
  saved.network = write_network(saved.graph, options.batch_size);
  return saved;
}

void add_parameter(TextMessage& text, const StoredParameter& parameter) {
  TextMessage& message = add_message(text, "parameter");
  add_string(message, "variable_name", parameter.name);
  TextMessage& shape = add_message(message, "shape");
  for (const int64_t dim : parameter.value.sizes()) add_int(shape, "dim", dim);
  const at::Tensor values = parameter.value.to(at::kCPU, at::kFloat).contiguous();
  const std::span<const float> data(values.data_ptr<float>(), static_cast<size_t>(values.numel()));
  for (const float value : data) add_float(message, "data", value);
  if (parameter.need_grad) add_bool(message, "need_grad", true);
}

}  // namespace

std::string format_nnp(const Graph& graph, const ParameterStore& parameters,
                       const NnpWriteOptions& options) {
  SavedNetwork saved = saved_network(graph, options);
  NnpExtras extras;
  extras.networks[saved.graph.name()] = std::move(saved.network.extras);
  extras.extra = options.extra;

  std::vector<ArchiveMember> members;
  members.push_back({"nnp_version.txt", "0.1\n"});
  members.push_back({"network.nntxt", print_text(saved.network.text)});
  members.push_back(
      parameter_member(used_parameters(saved.graph, parameters), options.parameter_format));
  if (!extras.empty()) members.push_back({"octet.json", format_extras(extras)});
  for (const StoredSolverState& state : options.solvers) members.push_back(solver_member(state));
  if (options.training != nullptr) members.push_back(training_member(*options.training));
  return format_zip(members);
}

void write_nntxt(const std::string& path, const Graph& graph, const ParameterStore& parameters,
                 const NnpWriteOptions& options) {
  SavedNetwork saved = saved_network(graph, options);
  const std::vector<StoredParameter> used = used_parameters(saved.graph, parameters);
  check_exact_as_float(used);
  for (const StoredParameter& parameter : used) add_parameter(saved.network.text, parameter);
  NnpExtras extras;
  extras.networks[saved.graph.name()] = std::move(saved.network.extras);
  extras.extra = options.extra;
  std::string text = print_text(saved.network.text);
  if (!extras.empty()) text += extras_as_comments(extras);
  write_file_atomically(path, text);
}

void write_nnp(const std::string& path, const Graph& graph, const ParameterStore& parameters,
               const NnpWriteOptions& options) {
  write_file_atomically(path, format_nnp(graph, parameters, options));
}

}  // namespace octet
