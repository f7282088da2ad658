// The values of fields that were read.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "octet/base/error.h"
#include "octet/formats/nnp/text_tree.h"

namespace octet {
namespace {

[[noreturn]] void fail(const TextField& field, const std::string& where, std::string_view wanted) {
  const std::string place = fmt::format("{}:{}:{}", where, field.line, field.column);
  if (field.kind == TextKind::kMessage) {
    throw_file_error(place, "field '{}' is a message, not {}", field.name, wanted);
  }
  throw_file_error(place, "field '{}' is not {}: {}", field.name, wanted, field.text);
}

// Magnitude of a decimal, hexadecimal (0x) or octal (0) integer; false if it is none.
bool parse_magnitude(std::string_view digits, uint64_t& value) {
  int base = 10;
  if (digits.starts_with("0x") || digits.starts_with("0X")) {
    base = 16;
    digits.remove_prefix(2);
  } else if (digits.size() > 1 && digits[0] == '0') {
    base = 8;
    digits.remove_prefix(1);
  }
  const char* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, value, base);
  return error == std::errc() && rest == end;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

}  // namespace

int64_t int_value(const TextField& field, const std::string& where) {
  constexpr std::string_view kWanted = "a 64-bit integer";
  if (field.kind != TextKind::kNumber) fail(field, where, kWanted);
  std::string_view digits = field.text;
  const bool negative = digits.starts_with('-');
  if (negative) digits.remove_prefix(1);
  uint64_t magnitude = 0;
  const uint64_t limit = static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) + negative;
  if (!parse_magnitude(digits, magnitude) || magnitude > limit) fail(field, where, kWanted);
  return static_cast<int64_t>(negative ? uint64_t{0} - magnitude : magnitude);
}

double double_value(const TextField& field, const std::string& where) {
  constexpr std::string_view kWanted = "a number";
  if (field.kind != TextKind::kNumber && field.kind != TextKind::kIdentifier) {
    fail(field, where, kWanted);
  }
  std::string text = lower(field.text);
  const double sign = text.starts_with('-') ? -1.0 : 1.0;
  if (sign < 0) text.erase(0, 1);
  if (text == "inf" || text == "infinity") return sign * std::numeric_limits<double>::infinity();
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (text.starts_with("0x")) {
    uint64_t magnitude = 0;
    if (!parse_magnitude(text, magnitude)) fail(field, where, kWanted);
    return sign * static_cast<double>(magnitude);
  }
  if (text.ends_with('f')) text.pop_back();
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (rest != end || text.empty() || error == std::errc::invalid_argument) {
    fail(field, where, kWanted);
  }
  if (error == std::errc::result_out_of_range) fail(field, where, "a number in double's range");
  return sign * value;
}

bool bool_value(const TextField& field, const std::string& where) {
  const bool word = field.kind == TextKind::kIdentifier || field.kind == TextKind::kNumber;
  if (word &&
      (field.text == "true" || field.text == "True" || field.text == "t" || field.text == "1")) {
    return true;
  }
  if (word &&
      (field.text == "false" || field.text == "False" || field.text == "f" || field.text == "0")) {
    return false;
  }
  fail(field, where, "true or false");
}

const std::string& string_value(const TextField& field, const std::string& where) {
  if (field.kind != TextKind::kString) fail(field, where, "a string");
  return field.text;
}

const TextMessage& message_value(const TextField& field, const std::string& where) {
  if (field.kind != TextKind::kMessage) fail(field, where, "a message");
  return field.message;
}

const TextField* find_field(const TextMessage& message, std::string_view name) {
  const auto found = std::find_if(message.fields.rbegin(), message.fields.rend(),
                                  [name](const TextField& field) { return field.name == name; });
  return found == message.fields.rend() ? nullptr : &*found;
}

}  // namespace octet
