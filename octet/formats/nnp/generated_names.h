// The names that functions without one of their own get in a file: "@net/Convolution",
// "@net/Convolution_1", ...
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace octet {

bool is_generated_name(std::string_view name, std::string_view network, std::string_view type);

// Hands out every name once. Readers keep the functions of a network in a map by name, so two of
// the same name would become one.
class UniqueNames {
 public:
  // `wanted`, or `wanted` with the first of _1, _2, ... that is free.
  std::string take(const std::string& wanted);

 private:
  std::unordered_set<std::string> taken_;
  std::unordered_map<std::string, int> next_suffix_;
};

std::string generated_name(std::string_view network, std::string_view type);

}  // namespace octet
