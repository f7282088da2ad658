// Damage to files, the same for the same seed.
#pragma once

#include <random>
#include <string>

namespace octet::fuzz {

// One to four changes: bits and bytes, numbers that are on the edge of their type, parts cut out,
// doubled, moved, or the end cut off.
inline std::string mutated(std::string bytes, std::mt19937_64& random) {
  const auto below = [&](size_t bound) { return bound == 0 ? 0 : random() % bound; };
  const size_t changes = 1 + below(4);
  for (size_t i = 0; i < changes && !bytes.empty(); ++i) {
    const size_t at = below(bytes.size());
    const size_t length = 1 + below(std::min<size_t>(bytes.size() - at, 64));
    switch (below(8)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 1:
        bytes[at] = static_cast<char>(random());
        break;
      case 2:
        for (size_t k = at; k < std::min(at + 8, bytes.size()); ++k) bytes[k] = '\xff';
        break;
      case 3:
        bytes.erase(at, length);
        break;
      case 4:
        bytes.insert(at, bytes.substr(at, length));
        break;
      case 5:
        bytes.insert(below(bytes.size()), bytes.substr(at, length));
        break;
      case 6:
        bytes.replace(at, 1, std::to_string(static_cast<int64_t>(random()) >> below(64)));
        break;
      default:
        bytes.resize(at);
    }
  }
  return bytes;
}

}  // namespace octet::fuzz
