// Enumerators as words in configuration files, messages and printed graphs. One constexpr table per
// enumeration serves both directions.
#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "octet/base/error.h"

namespace octet {

template <class Enum>
struct Word {
  Enum value;
  std::string_view name;
};

template <class Enum, size_t N>
std::string_view word_of(const std::array<Word<Enum>, N>& table, Enum value) {
  for (const Word<Enum>& word : table) {
    if (word.value == value) return word.name;
  }
  throw_internal_error(__FILE__, __LINE__, "the table names every enumerator");
}

// Upper and lower case are the same. An unknown word is an Error that lists the allowed ones;
// `where` is the option that it was given for.
template <class Enum, size_t N>
Enum parse_word(const std::array<Word<Enum>, N>& table, std::string_view text,
                std::string_view where) {
  const auto same_letter = [](unsigned char a, unsigned char b) {
    return std::tolower(a) == std::tolower(b);
  };
  std::array<std::string_view, N> names;
  for (size_t i = 0; i < N; ++i) {
    names[i] = table[i].name;
    if (std::ranges::equal(text, names[i], same_letter)) return table[i].value;
  }
  throw_error(where, "'{}' is not one of {}", text, fmt::join(names, ", "));
}

}  // namespace octet
