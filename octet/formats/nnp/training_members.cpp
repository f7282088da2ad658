// The members of a .nnp that only a training needs: states of solvers, all parameters.
#include <ATen/ATen.h>

#include <limits>

#include "octet/base/error.h"
#include "octet/formats/nnp/nnp.h"
#include "octet/formats/nnp/parameter_files.h"
#include "octet/formats/nnp/parameter_hdf5.h"
#include "octet/formats/nnp/protobuf_tensor.h"
#include "octet/formats/nnp/training_members.h"

namespace octet {
namespace {

constexpr std::string_view kHdf5 = ".h5.optimizer";
constexpr std::string_view kProtobuf = ".protobuf.optimizer";
constexpr std::string_view kTraining = ".h5.octet";
constexpr std::string_view kStep = "t";

// "Adam" of "training_Adam_optimizer.h5.optimizer", which is the only place that says it.
std::string type_of(std::string_view member) {
  constexpr std::string_view kEnd = "_optimizer.h5.optimizer";
  if (!member.ends_with(kEnd)) return "";
  member.remove_suffix(kEnd.size());
  const size_t begin = member.rfind('_');
  return std::string(begin == std::string_view::npos ? member : member.substr(begin + 1));
}

// The dataset "conv1/W/m" is the state m of the parameter conv1/W, "conv1/W/t" its updates.
StoredSolverState parse_hdf5(const ArchiveMember& member, const std::string& where) {
  StoredSolverState state{type_of(member.name), {}};
  for (const StoredParameter& dataset : parse_parameter_hdf5(member.bytes, where)) {
    const size_t slash = dataset.name.rfind('/');
    OCTET_CHECK_FILE(slash != std::string::npos, where, "'{}' belongs to no parameter",
                     dataset.name);
    StoredParameterState& parameter = state.parameters[dataset.name.substr(0, slash)];
    const std::string kind = dataset.name.substr(slash + 1);
    if (kind != kStep) {
      parameter.tensors[kind] = dataset.value.to(at::kFloat);
      continue;
    }
    const bool count = dataset.value.numel() == 1 && !dataset.value.is_floating_point() &&
                       dataset.value.to(at::kLong).item<int64_t>() >= 0;
    OCTET_CHECK_FILE(count, where, "'{}' is no number of updates", dataset.name);
    parameter.step = dataset.value.to(at::kLong).item<int64_t>();
  }
  return state;
}

StoredSolverState state_of(const nnp::Solver& solver, const std::string& where) {
  StoredSolverState state{solver.type(), {}};
  for (const auto& [name, of_parameter] : solver.states()) {
    StoredParameterState& parameter = state.parameters[name];
    parameter.step = of_parameter.t();
    for (const auto& [kind, value] : of_parameter.state_parameter()) {
      parameter.tensors[kind] = tensor_of(value.shape(), value.data(),
                                          fmt::format("state '{}' of '{}'", kind, name), where);
    }
  }
  return state;
}

void append_protobuf(const ArchiveMember& member, const std::string& where,
                     std::vector<StoredSolverState>& states) {
  nnp::OptimizerFile file;
  const bool parsed =
      member.bytes.size() <= std::numeric_limits<int32_t>::max() &&
      file.ParseFromArray(member.bytes.data(), static_cast<int>(member.bytes.size()));
  OCTET_CHECK_FILE(parsed, where, "is not a protobuf file of solvers");
  for (const nnp::Optimizer& optimizer : file.optimizer()) {
    states.push_back(state_of(optimizer.solver(), where));
  }
}

}  // namespace

std::vector<StoredSolverState> read_nnp_solvers(const std::string& path) {
  std::vector<StoredSolverState> states;
  for (const ArchiveMember& member : read_zip(path)) {
    const std::string where = fmt::format("{}:{}", path, member.name);
    if (member.name.ends_with(kHdf5)) {
      states.push_back(parse_hdf5(member, where));
    } else if (member.name.ends_with(kProtobuf)) {
      append_protobuf(member, where, states);
    }
  }
  return states;
}

std::shared_ptr<ParameterStore> read_nnp_training(const std::string& path) {
  for (const ArchiveMember& member : read_zip(path)) {
    if (!member.name.ends_with(kTraining)) continue;
    auto store = std::make_shared<ParameterStore>();
    const std::string where = fmt::format("{}:{}", path, member.name);
    for (const StoredParameter& parameter : parse_parameter_hdf5(member.bytes, where)) {
      store->set(parameter.name, parameter.value, parameter.need_grad);
    }
    return store;
  }
  return nullptr;
}

ArchiveMember solver_member(const StoredSolverState& state) {
  std::vector<StoredParameter> datasets;
  for (const auto& [name, of_parameter] : state.parameters) {
    for (const auto& [kind, value] : of_parameter.tensors) {
      datasets.push_back({fmt::format("{}/{}", name, kind), value});
    }
    datasets.push_back(
        {fmt::format("{}/{}", name, kStep), at::scalar_tensor(of_parameter.step, at::kLong)});
  }
  return {fmt::format("training_{}_optimizer{}", state.solver, kHdf5),
          format_parameter_hdf5(datasets)};
}

ArchiveMember training_member(const ParameterStore& parameters) {
  return {fmt::format("training{}", kTraining),
          format_parameter_hdf5(stored_parameters(parameters, parameters.names()))};
}

}  // namespace octet
