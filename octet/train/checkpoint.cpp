#include "octet/train/checkpoint.h"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "octet/base/error.h"
#include "octet/formats/archive.h"
#include "octet/formats/file_io.h"
#include "octet/formats/npy/npy.h"

namespace octet {

namespace {

using Json = nlohmann::json;

constexpr const char* kIndexName = "checkpoint.json";
constexpr const char* kFormat = "octet checkpoint";
constexpr int kVersion = 1;

// Collects members and hands out their names.
class Writer {
 public:
  std::string add_tensor(const at::Tensor& tensor) {
    return add(fmt::format("tensors/{}.npy", members_.size()), format_npy(tensor.detach()));
  }
  std::string add_bytes(const std::string& bytes) {
    return add(fmt::format("bytes/{}.bin", members_.size()), bytes);
  }
  Json add_tensors(const std::map<std::string, at::Tensor>& tensors) {
    Json names = Json::object();
    for (const auto& [name, tensor] : tensors) names[name] = add_tensor(tensor);
    return names;
  }
  // The archive, with the index as its first member.
  std::string finish(const Json& index) {
    std::vector<ArchiveMember> all = {{kIndexName, index.dump(1)}};
    for (ArchiveMember& member : members_) all.push_back(std::move(member));
    return format_zip(all);
  }

 private:
  std::string add(const std::string& name, std::string bytes) {
    members_.push_back({name, std::move(bytes)});
    return name;
  }

  std::vector<ArchiveMember> members_;
};

Json write_solver(const SolverState& solver, Writer& writer) {
  Json parameters = Json::array();
  for (const auto& [name, state] : solver.parameters) {
    parameters.push_back(
        {{"name", name}, {"step", state.step}, {"tensors", writer.add_tensors(state.tensors)}});
  }
  return {{"type", solver.solver},
          {"learning_rate", solver.learning_rate},
          {"initial_learning_rate", solver.initial_learning_rate},
          {"parameters", parameters}};
}

// Looks up members; every error names the file and the member.
class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {
    for (ArchiveMember& member : read_zip(path)) {
      members_.emplace(std::move(member.name), std::move(member.bytes));
    }
  }
  const std::string& bytes(const std::string& member) const {
    const auto found = members_.find(member);
    OCTET_CHECK_FILE(found != members_.end(), path_, "there is no member '{}'", member);
    return found->second;
  }
  at::Tensor tensor(const Json& member) const {
    const std::string name = member.get<std::string>();
    return parse_npy(bytes(name), path_ + ":" + name);
  }
  std::map<std::string, at::Tensor> tensors(const Json& names) const {
    std::map<std::string, at::Tensor> result;
    for (const auto& [name, member] : names.items()) result[name] = tensor(member);
    return result;
  }

 private:
  std::string path_;
  std::unordered_map<std::string, std::string> members_;
};

SolverState read_solver(const Json& index, const Reader& reader) {
  SolverState solver;
  index.at("type").get_to(solver.solver);
  index.at("learning_rate").get_to(solver.learning_rate);
  index.at("initial_learning_rate").get_to(solver.initial_learning_rate);
  for (const Json& entry : index.at("parameters")) {
    ParameterState& state = solver.parameters[entry.at("name").get<std::string>()];
    entry.at("step").get_to(state.step);
    state.tensors = reader.tensors(entry.at("tensors"));
  }
  return solver;
}

Checkpoint read_index(const Json& index, const Reader& reader) {
  Checkpoint checkpoint;
  index.at("step").get_to(checkpoint.step);
  for (const Json& entry : index.at("parameters")) {
    checkpoint.parameters.push_back({entry.at("name").get<std::string>(),
                                     reader.tensor(entry.at("member")),
                                     entry.at("need_grad").get<bool>()});
  }
  checkpoint.solver = read_solver(index.at("solver"), reader);
  index.at("scheduler").get_to(checkpoint.scheduler);
  for (const auto& [name, member] : index.at("random_states").items()) {
    checkpoint.random_states[name] = reader.bytes(member.get<std::string>());
  }
  index.at("data_loader").at("epoch").get_to(checkpoint.data_loader.epoch);
  index.at("data_loader").at("position").get_to(checkpoint.data_loader.position);
  if (index.contains("weight_average")) {
    const Json& average = index.at("weight_average");
    checkpoint.weight_average = {average.at("updates").get<int64_t>(),
                                 reader.tensors(average.at("averages"))};
  }
  index.at("texts").get_to(checkpoint.texts);
  return checkpoint;
}

}  // namespace

void save_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  Writer writer;
  Json parameters = Json::array();
  for (const Parameter& parameter : checkpoint.parameters) {
    parameters.push_back({{"name", parameter.name},
                          {"need_grad", parameter.need_grad},
                          {"member", writer.add_tensor(parameter.value)}});
  }
  Json random_states = Json::object();
  for (const auto& [name, bytes] : checkpoint.random_states) {
    random_states[name] = writer.add_bytes(bytes);
  }
  Json index = {
      {"format", kFormat},
      {"version", kVersion},
      {"step", checkpoint.step},
      {"parameters", parameters},
      {"solver", write_solver(checkpoint.solver, writer)},
      {"scheduler", checkpoint.scheduler},
      {"random_states", random_states},
      {"data_loader",
       {{"epoch", checkpoint.data_loader.epoch}, {"position", checkpoint.data_loader.position}}},
      {"texts", checkpoint.texts}};
  if (checkpoint.weight_average) {
    index["weight_average"] = {
        {"updates", checkpoint.weight_average->updates},
        {"averages", writer.add_tensors(checkpoint.weight_average->averages)}};
  }
  write_file_atomically(path, writer.finish(index));
}

Checkpoint load_checkpoint(const std::string& path) {
  const Reader reader(path);
  try {
    const Json index = Json::parse(reader.bytes(kIndexName));
    OCTET_CHECK_FILE(index.is_object() && index.value("format", "") == kFormat, path,
                     "{}: this is not a checkpoint", kIndexName);
    OCTET_CHECK_FILE(index.at("version") == kVersion, path, "{}: version {} is not known, only {}",
                     kIndexName, index.at("version").dump(), kVersion);
    return read_index(index, reader);
  } catch (const Json::exception& error) {
    throw_file_error(path, "{}: {}", kIndexName, error.what());
  }
}

std::vector<Parameter> copy_parameters(const ParameterStore& store) {
  std::vector<Parameter> copies;
  for (const std::string& name : store.names()) {
    const Parameter& parameter = store.at(name);
    copies.push_back({name, parameter.value.detach().clone(), parameter.need_grad});
  }
  return copies;
}

void restore_parameters(const std::vector<Parameter>& parameters, ParameterStore& store) {
  for (const Parameter& parameter : parameters) {
    const Parameter* existing = store.find(parameter.name);
    OCTET_CHECK(existing == nullptr || existing->value.sizes() == parameter.value.sizes(),
                parameter.name, "the checkpoint has shape {}, the network {}",
                to_string(Shape(parameter.value.sizes().vec())),
                to_string(Shape(existing->value.sizes().vec())));
  }
  const at::NoGradGuard no_grad;
  for (const Parameter& parameter : parameters) {
    Parameter* existing = store.find(parameter.name);
    if (existing == nullptr || existing->value.scalar_type() != parameter.value.scalar_type()) {
      store.set(parameter.name, parameter.value, parameter.need_grad);
      continue;
    }
    existing->value.copy_(parameter.value);
    existing->need_grad = parameter.need_grad;
    existing->value.set_requires_grad(parameter.need_grad &&
                                      at::isFloatingType(existing->value.scalar_type()));
  }
}

}  // namespace octet
