#include "octet/formats/nnp/parameter_files.h"

#include <ATen/ATen.h>

#include <unordered_set>

#include "octet/base/error.h"
#include "octet/formats/file_io.h"
#include "octet/formats/nnp/nnp_members.h"
#include "octet/formats/nnp/parameter_hdf5.h"
#include "octet/formats/nnp/parameter_protobuf.h"
#include "octet/formats/npy/npy.h"

namespace octet {
namespace {

StoredParameter parameter_of_text(const TextField& field, const std::string& where) {
  const TextMessage& message = message_value(field, where);
  StoredParameter parameter;
  Shape shape;
  std::vector<float> data;
  for (const TextField& item : message.fields) {
    if (item.name == "variable_name") parameter.name = string_value(item, where);
    if (item.name == "need_grad") parameter.need_grad = bool_value(item, where);
    if (item.name == "data") data.push_back(static_cast<float>(double_value(item, where)));
    if (item.name != "shape") continue;
    for (const TextField& dim : message_value(item, where).fields) {
      if (dim.name == "dim") shape.push_back(int_value(dim, where));
    }
  }
  const auto count = static_cast<int64_t>(data.size());
  int64_t product = 1;
  bool fits = true;
  for (const int64_t dim : shape) {
    fits = fits && dim >= 0 && (product == 0 || dim <= count / product);
    if (fits) product *= dim;
  }
  OCTET_CHECK_FILE(
      fits && product == count, fmt::format("{}:{}:{}", where, field.line, field.column),
      "parameter '{}' has shape {}, but {} values", parameter.name, to_string(shape), count);
  parameter.value = at::tensor(data, at::kFloat).reshape(shape);
  return parameter;
}

std::vector<StoredParameter> parameters_of_npz(const std::string& path) {
  std::vector<StoredParameter> parameters;
  for (auto& [name, value] : read_npz(path)) {
    const bool need_grad = at::isFloatingType(value.scalar_type());
    parameters.push_back({name, value, need_grad});
  }
  return parameters;
}

}  // namespace

std::vector<StoredParameter> parameters_of_text(const TextMessage& text, const std::string& where) {
  std::vector<StoredParameter> parameters;
  for (const TextField& field : text.fields) {
    if (field.name == "parameter") parameters.push_back(parameter_of_text(field, where));
  }
  return parameters;
}

std::vector<StoredParameter> read_parameters(const std::string& path) {
  if (path.ends_with(".npz")) return parameters_of_npz(path);
  return read_nnp_members(path).parameters;
}

void load_parameters(const std::string& path, ParameterStore& parameters) {
  for (const StoredParameter& parameter : read_parameters(path)) {
    const bool floating = at::isFloatingType(parameter.value.scalar_type());
    parameters.set(parameter.name, floating ? parameter.value.to(at::kFloat) : parameter.value,
                   parameter.need_grad);
  }
}

std::vector<StoredParameter> stored_parameters(const ParameterStore& parameters,
                                               const std::vector<std::string>& names) {
  const std::unordered_set<std::string> wanted(names.begin(), names.end());
  std::vector<StoredParameter> stored;
  for (const std::string& name : parameters.names()) {
    if (!wanted.contains(name)) continue;
    const Parameter& parameter = parameters.at(name);
    stored.push_back({name, parameter.value.detach(), parameter.need_grad});
  }
  return stored;
}

void save_parameters(const std::string& path, const ParameterStore& parameters) {
  const auto stored = stored_parameters(parameters, parameters.names());
  if (path.ends_with(".h5")) return write_file_atomically(path, format_parameter_hdf5(stored));
  OCTET_CHECK(path.ends_with(".protobuf"), path, "parameters are saved as .h5 or .protobuf");
  write_file_atomically(path, format_parameter_protobuf(stored));
}

}  // namespace octet
