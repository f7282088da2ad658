// QATConfig as TOML.
#include <toml++/toml.h>

#include "octet/base/error.h"
#include "octet/formats/file_io.h"
#include "octet/ops/attribute_text.h"
#include "octet/qat/qat_config.h"

namespace octet {
namespace {

// Reads one field. Each overload throws Error "[where] key ..." for a value of another kind.
class FieldReader {
 public:
  FieldReader(std::string_view where, std::string_view key, const toml::node& node)
      : where_(where), key_(key), node_(node) {}

  void read(bool& field) const { field = value<bool>("true or false"); }
  void read(int64_t& field) const { field = value<int64_t>("a whole number"); }
  void read(int& field) const { field = static_cast<int>(value<int64_t>("a whole number")); }
  void read(double& field) const { field = value<double>("a number"); }
  void read(DType& field) const { field = parsed(parse_dtype); }
  void read(RoundMode& field) const { field = parsed(parse_round_mode); }
  void read(Pow2& field) const { field = parsed(parse_pow2); }
  void read(Ste& field) const { field = parsed(parse_ste); }
  void read(RecorderPosition& field) const { field = parsed(parse_recorder_position); }
  void read(PrecisionMode& field) const { field = parsed(parse_precision_mode); }
  void read(Target& field) const { field = parsed(parse_target); }

  void read(std::vector<std::string>& field) const {
    const toml::array* items = node_.as_array();
    OCTET_CHECK(items != nullptr, where_, "{} must be a list of strings", key_);
    field.clear();
    for (const toml::node& item : *items) {
      const auto text = item.value_exact<std::string>();
      OCTET_CHECK(text.has_value(), where_, "{} must be a list of strings", key_);
      field.push_back(*text);
    }
  }

  void read(RecorderSpec& field) const {
    const toml::table* table = node_.as_table();
    if (table == nullptr) {
      field = parsed(recorder_spec);
      return;
    }
    for (const auto& [key, node] : *table) {
      const FieldReader inner(where_, key.str(), node);
      if (key == "name") field = inner.parsed(recorder_spec);
    }
    for (const auto& [key, node] : *table) {
      const FieldReader inner(where_, key.str(), node);
      if (key == "decay") {
        inner.read(field.decay);
      } else if (key == "bias_correction") {
        inner.read(field.bias_correction);
      } else if (key == "percent") {
        inner.read(field.percent);
      } else {
        OCTET_CHECK(key == "name", where_,
                    "{} has no key '{}'; it has name, decay, bias_correction, percent", key_,
                    key.str());
      }
    }
  }

 private:
  template <class T>
  T value(std::string_view kind) const {
    const auto found = node_.value<T>();
    OCTET_CHECK(found.has_value(), where_, "{} must be {}", key_, kind);
    return *found;
  }

  template <class T>
  T parsed(T (*parse)(std::string_view)) const {
    const auto text = node_.value_exact<std::string>();
    OCTET_CHECK(text.has_value(), where_, "{} must be a string", key_);
    try {
      return parse(*text);
    } catch (const Error& error) {
      throw_error(where_, "{}: {}", key_, error.what());
    }
  }

  std::string_view where_;
  std::string_view key_;
  const toml::node& node_;
};

toml::table parse_toml(std::string_view text, std::string_view where) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    // It may quote the text up to the end of a line, and that too.
    std::string description(error.description());
    for (char& c : description) {
      if (static_cast<unsigned char>(c) < ' ') c = ' ';
    }
    throw_file_error(where, "line {}: {}", error.source().begin.line, description);
  }
}

std::string toml_text(bool value) {
  return value ? "true" : "false";
}
std::string toml_text(int value) {
  return std::to_string(value);
}
std::string toml_text(int64_t value) {
  return std::to_string(value);
}
std::string toml_text(double value) {
  // TOML reads 1 as a whole number; both kinds are accepted for a number.
  return fmt::format("{}", value);
}
std::string toml_text(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + quote(value);
  return fmt::format("[{}]", text);
}
std::string toml_text(const RecorderSpec& spec) {
  return fmt::format("{{ name = {}, decay = {}, bias_correction = {}, percent = {} }}",
                     quote(name_of(spec)), spec.decay, spec.bias_correction, spec.percent);
}
template <class Enum>
requires std::is_enum_v<Enum> std::string toml_text(Enum value) {
  return quote(to_string(value));
}

}  // namespace

std::set<std::string> read_config_text(std::string_view text, std::string_view where,
                                       QATConfig& config) {
  const toml::table table = parse_toml(text, where);
  QATConfig changed = config;
  std::set<std::string> given;
  for (const auto& entry : table) {
    const std::string_view key = entry.first.str();
    const toml::node& node = entry.second;
    visit_config_fields(changed, [&](std::string_view name, auto& field) {
      if (key != name) return;
      given.emplace(name);
      FieldReader(where, name, node).read(field);
    });
    if (given.contains(std::string(key))) continue;
    std::string names;
    visit_config_fields(changed, [&](std::string_view name, auto&) {
      names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
    });
    throw_error(where, "there is no field '{}'; the fields are {}", key, names);
  }
  config = changed;
  return given;
}

std::set<std::string> read_config_file(const std::string& path, QATConfig& config) {
  return read_config_text(read_file(path), path, config);
}

std::string config_to_toml(const QATConfig& config) {
  std::string text;
  visit_config_fields(config, [&](std::string_view name, const auto& value) {
    text += fmt::format("{} = {}\n", name, toml_text(value));
  });
  return text;
}

}  // namespace octet
