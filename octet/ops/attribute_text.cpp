#include "octet/ops/attribute_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

namespace octet {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

template <class Number>
bool parse_number(std::string_view text, Number& value) {
  text = trim(text);
  Number parsed{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  value = parsed;
  return true;
}

template <class List>
bool parse_list(std::string_view text, char open, char close, List& value) {
  text = trim(text);
  if (text.size() < 2 || text.front() != open || text.back() != close) return false;
  text = trim(text.substr(1, text.size() - 2));
  List parsed;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    typename List::value_type item{};
    if (!parse_number(text.substr(0, comma), item)) return false;
    parsed.push_back(item);
    text = comma == std::string_view::npos ? std::string_view() : trim(text.substr(comma + 1));
  }
  value = std::move(parsed);
  return true;
}

template <class List>
std::string list_text(const List& value, char open, char close) {
  return fmt::format("{}{}{}", open, fmt::join(value.begin(), value.end(), ", "), close);
}

}  // namespace

std::string attribute_text(bool value) {
  return value ? "true" : "false";
}
std::string attribute_text(int64_t value) {
  return std::to_string(value);
}
std::string attribute_text(float value) {
  return fmt::format("{}", value);
}
std::string attribute_text(double value) {
  return fmt::format("{}", value);
}
std::string attribute_text(const std::string& value) {
  return quote(value);
}
std::string attribute_text(const IntList& value) {
  return list_text(value, '[', ']');
}
std::string attribute_text(const Shape& value) {
  return list_text(value, '(', ')');
}
std::string attribute_text(const std::vector<float>& value) {
  return list_text(value, '[', ']');
}

bool parse_attribute(std::string_view text, bool& value) {
  text = trim(text);
  if (text != "true" && text != "false") return false;
  value = text == "true";
  return true;
}
bool parse_attribute(std::string_view text, int64_t& value) {
  return parse_number(text, value);
}
bool parse_attribute(std::string_view text, float& value) {
  return parse_number(text, value);
}
bool parse_attribute(std::string_view text, double& value) {
  return parse_number(text, value);
}
bool parse_attribute(std::string_view text, std::string& value) {
  return unquote(trim(text), value);
}
bool parse_attribute(std::string_view text, IntList& value) {
  return parse_list(text, '[', ']', value);
}
bool parse_attribute(std::string_view text, Shape& value) {
  return parse_list(text, '(', ')', value);
}
bool parse_attribute(std::string_view text, std::vector<float>& value) {
  return parse_list(text, '[', ']', value);
}

std::string quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '\n') {
      quoted += "\\n";
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

bool unquote(std::string_view text, std::string& value) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return false;
  text = text.substr(1, text.size() - 2);
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') return false;
    if (text[i] != '\\') {
      plain += text[i];
      continue;
    }
    if (++i == text.size()) return false;
    plain += text[i] == 'n' ? '\n' : text[i];
  }
  value = std::move(plain);
  return true;
}

}  // namespace octet
