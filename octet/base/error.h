// The two kinds of error, and the checks that throw them.
//
// Error: something that a user can cause (a bad file, option, shape). The message is one line,
// begins with what it is about in brackets (an operation, a file, an option) and holds the values.
// InternalError: a broken promise of our own; it names the source line.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace octet {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A file that is missing, cannot be read, or does not hold what it should. The program exits with
// another code for it than for wrong use.
class FileError : public Error {
 public:
  using Error::Error;
};

class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

template <class... Args>
[[noreturn]] void throw_error(std::string_view where, fmt::format_string<Args...> format,
                              Args&&... args) {
  throw Error(fmt::format("[{}] {}", where, fmt::format(format, std::forward<Args>(args)...)));
}

template <class... Args>
[[noreturn]] void throw_file_error(std::string_view where, fmt::format_string<Args...> format,
                                   Args&&... args) {
  throw FileError(fmt::format("[{}] {}", where, fmt::format(format, std::forward<Args>(args)...)));
}

[[noreturn]] void throw_internal_error(const char* file, int line, const char* condition);

}  // namespace octet

// OCTET_CHECK(condition, where, format, values...): throws Error unless the condition holds.
#define OCTET_CHECK(condition, where, ...)                        \
  do {                                                            \
    if (!(condition)) ::octet::throw_error((where), __VA_ARGS__); \
  } while (false)

// Likewise with FileError; `where` is the path.
#define OCTET_CHECK_FILE(condition, where, ...)                        \
  do {                                                                 \
    if (!(condition)) ::octet::throw_file_error((where), __VA_ARGS__); \
  } while (false)

#define OCTET_INTERNAL_CHECK(condition)                                              \
  do {                                                                               \
    if (!(condition)) ::octet::throw_internal_error(__FILE__, __LINE__, #condition); \
  } while (false)
