#include "octet/cli/number_options.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>

namespace octet::cli {

namespace {

template <class Number>
std::optional<Number> parse(const std::string& text) {
  Number number{};
  // from_chars takes no plus sign.
  const char* begin = text.data() + (text.starts_with('+') && !text.starts_with("+-") ? 1 : 0);
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

template <class Number>
CLI::Validator accept(const std::string& label, const std::string& wanted,
                      const std::function<bool(Number)>& good) {
  return {[=](const std::string& text) {
            const std::optional<Number> number = parse<Number>(text);
            const bool fits = number && good(*number);
            return fits ? std::string() : fmt::format("'{}' is not {}", text, wanted);
          },
          label};
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t comma = text.find(','); comma != std::string::npos; comma = text.find(',', begin)) {
    parts.push_back(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

}  // namespace

CLI::Validator positive_count() {
  return accept<int64_t>("POSITIVE", "a whole number above 0", [](int64_t n) { return n > 0; });
}

CLI::Validator non_negative_count() {
  return accept<int64_t>("NONNEGATIVE", "a whole number, 0 or above",
                         [](int64_t n) { return n >= 0; });
}

CLI::Validator count_between(int64_t lowest, int64_t highest) {
  return accept<int64_t>(fmt::format("{}..{}", lowest, highest),
                         fmt::format("a whole number from {} to {}", lowest, highest),
                         [=](int64_t n) { return n >= lowest && n <= highest; });
}

CLI::Validator positive_number() {
  return accept<double>("POSITIVE", "a number above 0",
                        [](double x) { return std::isfinite(x) && x > 0; });
}

CLI::Validator non_negative_number() {
  return accept<double>("NONNEGATIVE", "a number, 0 or above",
                        [](double x) { return std::isfinite(x) && x >= 0; });
}

CLI::Validator number_list() {
  return {[](const std::string& text) {
            for (const std::string& part : split(text)) {
              const std::optional<double> number = parse<double>(part);
              if (number && std::isfinite(*number)) continue;
              return fmt::format("'{}' is not a list of numbers such as 0.485,0.456,0.406", text);
            }
            return std::string();
          },
          "NUMBER,..."};
}

std::vector<double> parse_number_list(const std::string& text) {
  std::vector<double> numbers;
  if (text.empty()) return numbers;
  for (const std::string& part : split(text)) numbers.push_back(parse<double>(part).value());
  return numbers;
}

}  // namespace octet::cli
