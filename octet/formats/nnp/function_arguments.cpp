#include "octet/formats/nnp/function_arguments.h"

#include "octet/base/error.h"
#include "octet/base/logging.h"
#include "octet/ops/attribute_text.h"
#include "octet/targets/nnabla_functions.h"

namespace octet {
namespace {

// ---- reading ----------------------------------------------------------------------------------

void read_value(const TextField& field, const std::string& where, bool& value) {
  value = bool_value(field, where);
}
void read_value(const TextField& field, const std::string& where, int64_t& value) {
  value = int_value(field, where);
}
void read_value(const TextField& field, const std::string& where, float& value) {
  value = static_cast<float>(double_value(field, where));
}
void read_value(const TextField& field, const std::string& where, double& value) {
  value = double_value(field, where);
}
void read_value(const TextField& field, const std::string& where, std::string& value) {
  value = string_value(field, where);
}
[[maybe_unused]] void read_value(const TextField& field, const std::string& where,
                                 std::vector<float>& value) {
  value.push_back(static_cast<float>(double_value(field, where)));
}
// Repeated integers, or one Shape message with repeated `dim`.
void read_value(const TextField& field, const std::string& where, std::vector<int64_t>& value) {
  if (field.kind != TextKind::kMessage) return value.push_back(int_value(field, where));
  for (const TextField& dim : field.message.fields) {
    if (dim.name == "dim") value.push_back(int_value(dim, where));
  }
}

template <class Value>
void read_field(const TextMessage& message, std::string_view name, const std::string& where,
                Value& value) {
  value = Value{};
  for (const TextField& field : message.fields) {
    if (field.name == name) read_value(field, where, value);
  }
}

bool has_field(const Attributes& attributes, std::string_view wanted) {
  bool found = false;
  visit_fields(attributes, [&](std::string_view name, const auto&) { found |= name == wanted; });
  return found;
}

void warn_of_ignored_fields(const Attributes& attributes, const TextMessage& message,
                            const NnablaFunction* schema, const std::string& where) {
  for (const TextField& field : message.fields) {
    if (field.name == "inplace" || has_field(attributes, field.name)) continue;
    const NnablaField* known = schema == nullptr ? nullptr : schema->find(field.name);
    if (known != nullptr && known->default_value == field.text) continue;
    log_warning("[{}:{}:{}] {} has no '{}'; it is ignored", where, field.line, field.column,
                type_name(attributes), field.name);
  }
}

// ---- writing ----------------------------------------------------------------------------------

// A zero is what an absent field means.
void write_value(TextMessage& message, const NnablaField& field, bool value) {
  if (value) add_bool(message, field.name, value);
}
void write_value(TextMessage& message, const NnablaField& field, int64_t value) {
  if (value != 0) add_int(message, field.name, value);
}
void write_value(TextMessage& message, const NnablaField& field, float value) {
  if (value != 0) add_float(message, field.name, value);
}
void write_value(TextMessage& message, const NnablaField& field, double value) {
  if (value != 0) add_double(message, field.name, value);
}
void write_value(TextMessage& message, const NnablaField& field, const std::string& value) {
  if (!value.empty()) add_string(message, field.name, value);
}
[[maybe_unused]] void write_value(TextMessage& message, const NnablaField& field,
                                  const std::vector<float>& value) {
  for (const float element : value) add_float(message, field.name, element);
}
void write_value(TextMessage& message, const NnablaField& field,
                 const std::vector<int64_t>& value) {
  const bool shape = field.kind == 'S';
  TextMessage& target = shape ? add_message(message, field.name) : message;
  for (const int64_t element : value) add_int(target, shape ? "dim" : field.name, element);
}

void write_default(TextMessage& message, const NnablaField& field) {
  if (field.default_value.empty()) return;
  if (field.kind == 's') return add_string(message, field.name, field.default_value);
  TextField& added = message.fields.emplace_back();
  added.name = field.name;
  added.kind = field.kind == 'b' ? TextKind::kIdentifier : TextKind::kNumber;
  added.text = field.default_value;
}

}  // namespace

void read_arguments(Attributes& attributes, const TextMessage& function, const std::string& where) {
  const NnablaFunction* schema = nnabla_function(type_name(attributes));
  if (schema == nullptr || schema->message.empty()) return;
  static const TextMessage kNothing;
  const TextField* found = find_field(function, schema->message);
  const TextMessage& message = found == nullptr ? kNothing : message_value(*found, where);
  visit_fields(attributes, [&](std::string_view name, auto& value) {
    if (schema->find(name) != nullptr) read_field(message, name, where, value);
  });
  warn_of_ignored_fields(attributes, message, schema, where);
}

void write_arguments(const Attributes& attributes, TextMessage& function) {
  const NnablaFunction* schema = nnabla_function(type_name(attributes));
  if (schema == nullptr || schema->message.empty()) return;
  TextMessage& message = add_message(function, schema->message);
  for (const NnablaField& field : schema->fields) {
    bool written = false;
    visit_fields(attributes, [&](std::string_view name, const auto& value) {
      if (name != field.name) return;
      write_value(message, field, value);
      written = true;
    });
    if (!written) write_default(message, field);
  }
}

std::map<std::string, std::string> lost_attributes(const Attributes& wanted,
                                                   const Attributes& written) {
  const std::string_view type = type_name(wanted);
  const NnablaFunction* schema = nnabla_function(type);
  const Attributes defaults = *default_attributes(type);
  // What reading will make of a field without the extras.
  std::map<std::string, std::string> restored;
  visit_fields(defaults, [&](std::string_view name, const auto& value) {
    restored[std::string(name)] = attribute_text(value);
  });
  visit_fields(written, [&](std::string_view name, const auto& value) {
    if (schema != nullptr && schema->find(name) != nullptr) {
      restored[std::string(name)] = attribute_text(value);
    }
  });
  std::map<std::string, std::string> lost;
  visit_fields(wanted, [&](std::string_view name, const auto& value) {
    const std::string text = attribute_text(value);
    if (restored.at(std::string(name)) != text) lost[std::string(name)] = text;
  });
  return lost;
}

}  // namespace octet
