#include "octet/formats/nnp/generated_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace octet {

std::string generated_name(std::string_view network, std::string_view type) {
  return fmt::format("@{}/{}", network, type);
}

bool is_generated_name(std::string_view name, std::string_view network, std::string_view type) {
  const std::string stem = generated_name(network, type);
  if (!name.starts_with(stem)) return false;
  name.remove_prefix(stem.size());
  if (name.empty()) return true;
  return name.size() > 1 && name[0] == '_' &&
         std::all_of(name.begin() + 1, name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string UniqueNames::take(const std::string& wanted) {
  if (taken_.insert(wanted).second) return wanted;
  int& suffix = next_suffix_[wanted];
  std::string name;
  do {
    name = fmt::format("{}_{}", wanted, ++suffix);
  } while (!taken_.insert(name).second);
  return name;
}

}  // namespace octet
