// Every reader of files, with small valid files to begin from: one table for the mutation test and
// for the libFuzzer targets.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace octet::fuzz {

struct Reader {
  std::string_view name;
  // Reads the bytes as a file. Throws octet::Error for what it refuses; anything else is a fault.
  void (*read)(std::string_view bytes);
  std::vector<std::string> (*seeds)();
};

std::span<const Reader> readers();
// Null if there is none of that name.
const Reader* find_reader(std::string_view name);

}  // namespace octet::fuzz
