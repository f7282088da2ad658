#include "octet/formats/nnp/extras.h"

#include <nlohmann/json.hpp>

#include "octet/base/error.h"

namespace octet {
namespace {

using nlohmann::json;

constexpr int kFormat = 1;
constexpr std::string_view kComment = "#octet.json ";

json qparams_to_json(const QParams& qparams) {
  return {{"dtype", to_string(qparams.format.dtype)},
          {"bits", qparams.format.bits},
          {"narrow_range", qparams.format.narrow_range},
          {"scale", qparams.scale},
          {"zero_point", qparams.zero_point},
          {"axis", qparams.axis}};
}

QParams qparams_from_json(const json& object, std::string_view name) {
  QParams qparams;
  qparams.format.dtype = parse_dtype(object.at("dtype").get<std::string>());
  qparams.format.bits = object.at("bits").get<int>();
  qparams.format.narrow_range = object.at("narrow_range").get<bool>();
  qparams.format.validate(name);
  qparams.scale = object.at("scale").get<std::vector<float>>();
  qparams.zero_point = object.at("zero_point").get<std::vector<int32_t>>();
  qparams.axis = object.at("axis").get<int64_t>();
  return qparams;
}

json function_to_json(const FunctionExtras& function) {
  json object = json::object();
  if (function.name.has_value()) object["name"] = *function.name;
  if (!function.attributes.empty()) object["attributes"] = function.attributes;
  return object;
}

FunctionExtras function_from_json(const json& object) {
  FunctionExtras function;
  if (object.contains("name")) function.name = object["name"].get<std::string>();
  if (object.contains("attributes")) object["attributes"].get_to(function.attributes);
  return function;
}

json variable_to_json(const VariableExtras& variable) {
  json object{{"dtype", to_string(variable.dtype)}};
  if (variable.qparams.has_value()) object["qparams"] = qparams_to_json(*variable.qparams);
  return object;
}

VariableExtras variable_from_json(const json& object, const std::string& name) {
  VariableExtras variable;
  variable.dtype = parse_dtype(object.at("dtype").get<std::string>());
  if (object.contains("qparams")) variable.qparams = qparams_from_json(object["qparams"], name);
  return variable;
}

NetworkExtras network_from_json(const json& object) {
  NetworkExtras network;
  for (const auto& [name, value] : object.at("functions").items()) {
    network.functions[name] = function_from_json(value);
  }
  for (const auto& [name, value] : object.at("variables").items()) {
    network.variables[name] = variable_from_json(value, name);
  }
  return network;
}

json network_to_json(const NetworkExtras& network) {
  json functions = json::object();
  json variables = json::object();
  for (const auto& [name, function] : network.functions) {
    functions[name] = function_to_json(function);
  }
  for (const auto& [name, variable] : network.variables) {
    variables[name] = variable_to_json(variable);
  }
  return {{"functions", functions}, {"variables", variables}};
}

NnpExtras extras_from_json(const json& document) {
  NnpExtras extras;
  for (const auto& [name, network] : document.at("networks").items()) {
    extras.networks[name] = network_from_json(network);
  }
  if (document.contains("extra")) extras.extra = document["extra"].dump();
  return extras;
}

}  // namespace

bool NnpExtras::empty() const {
  for (const auto& [name, network] : networks) {
    if (!network.functions.empty() || !network.variables.empty()) return false;
  }
  return extra.empty();
}

NnpExtras parse_extras(std::string_view text, const std::string& where) {
  try {
    const json document = json::parse(text);
    const int format = document.at("format").get<int>();
    OCTET_CHECK_FILE(format == kFormat, where, "has format {}; this version reads format {}",
                     format, kFormat);
    return extras_from_json(document);
  } catch (const json::exception& error) {
    throw_file_error(where, "is not as it was written: {}", error.what());
  } catch (const FileError&) {
    throw;
  } catch (const Error& error) {
    throw_file_error(where, "is not as it was written: {}", error.what());
  }
}

std::string format_extras(const NnpExtras& extras) {
  try {
    json networks = json::object();
    for (const auto& [name, network] : extras.networks) networks[name] = network_to_json(network);
    json document{{"format", kFormat}, {"networks", networks}};
    if (!extras.extra.empty()) document["extra"] = json::parse(extras.extra);
    return document.dump(1) + "\n";
  } catch (const json::exception& error) {
    throw_error("octet.json", "cannot be written: {}", error.what());
  }
}

std::string extras_as_comments(const NnpExtras& extras) {
  std::string comments;
  const std::string text = format_extras(extras);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    comments += fmt::format("{}{}\n", kComment, text.substr(begin, end - begin));
    begin = end + 1;
  }
  return comments;
}

NnpExtras extras_of_comments(std::string_view text, const std::string& where) {
  std::string json;
  for (size_t begin = text.find(kComment); begin != std::string_view::npos;
       begin = text.find(kComment, begin + 1)) {
    if (begin > 0 && text[begin - 1] != '\n') continue;  // within a line, perhaps in a string
    const size_t end = std::min(text.find('\n', begin), text.size());
    json += text.substr(begin + kComment.size(), end - begin - kComment.size());
    json += '\n';
  }
  return json.empty() ? NnpExtras{} : parse_extras(json, where);
}

}  // namespace octet
