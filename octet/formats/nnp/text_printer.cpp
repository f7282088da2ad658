// print_text, and the fields that a writer adds.
#include <charconv>
#include <cmath>

#include "octet/base/error.h"
#include "octet/formats/nnp/text_tree.h"

namespace octet {
namespace {

// The digits of std::to_chars ("1.5e-07") laid out as Python's repr does: an exponent of two digits
// at least where it is below -4 or above 15, otherwise a decimal point with a digit on either side.
template <class Number>
std::string shortest(Number value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char buffer[64];
  const auto result =
      std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific);
  OCTET_INTERNAL_CHECK(result.ec == std::errc());
  const std::string_view text(buffer, static_cast<size_t>(result.ptr - buffer));
  const size_t mark = text.find('e');
  int exponent = 0;
  const size_t exponent_begin = mark + (text[mark + 1] == '+' ? 2 : 1);
  std::from_chars(buffer + exponent_begin, result.ptr, exponent);
  if (exponent < -4 || exponent > 15) return std::string(text);

  std::string digits(text.substr(0, mark));
  std::string sign;
  if (digits[0] == '-') {
    sign = "-";
    digits.erase(0, 1);
  }
  if (digits.size() > 1) digits.erase(1, 1);  // the decimal point
  if (exponent < 0)
    return sign + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  const size_t whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() < whole + 1) digits.append(whole + 1 - digits.size(), '0');
  return sign + digits.insert(whole, 1, '.');
}

void print_string(const std::string& value, std::string& out) {
  out += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '"' || c == '\'' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += fmt::format("\\{:03o}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

void print_fields(const TextMessage& message, size_t indent, std::string& out) {
  for (const TextField& field : message.fields) {
    out.append(indent, ' ');
    out += field.name;
    if (field.kind == TextKind::kMessage) {
      out += " {\n";
      print_fields(field.message, indent + 2, out);
      out.append(indent, ' ');
      out += "}\n";
      continue;
    }
    out += ": ";
    if (field.kind == TextKind::kString) {
      print_string(field.text, out);
    } else {
      out += field.text;
    }
    out += '\n';
  }
}

void add_scalar(TextMessage& message, std::string_view name, TextKind kind, std::string text) {
  TextField& field = message.fields.emplace_back();
  field.name = name;
  field.kind = kind;
  field.text = std::move(text);
}

}  // namespace

std::string print_text(const TextMessage& message) {
  std::string out;
  print_fields(message, 0, out);
  return out;
}

void add_int(TextMessage& message, std::string_view name, int64_t value) {
  add_scalar(message, name, TextKind::kNumber, std::to_string(value));
}

void add_float(TextMessage& message, std::string_view name, float value) {
  add_scalar(message, name, TextKind::kNumber, shortest(value));
}

void add_double(TextMessage& message, std::string_view name, double value) {
  add_scalar(message, name, TextKind::kNumber, shortest(value));
}

void add_bool(TextMessage& message, std::string_view name, bool value) {
  add_scalar(message, name, TextKind::kIdentifier, value ? "true" : "false");
}

void add_string(TextMessage& message, std::string_view name, std::string_view value) {
  add_scalar(message, name, TextKind::kString, std::string(value));
}

TextMessage& add_message(TextMessage& message, std::string_view name) {
  TextField& field = message.fields.emplace_back();
  field.name = name;
  return field.message;
}

}  // namespace octet
