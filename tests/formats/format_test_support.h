// What the tests of the formats share: a folder of their own, the reference files, the text of an
// error.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "octet/base/error.h"
#include "octet/formats/file_io.h"
#include "tests/support/reference_files.h"

namespace octet {

// A folder that is removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "octet-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string file(std::string_view name) const { return (path_ / name).string(); }
  // Writes `bytes` to the file `name` here and returns its path.
  std::string write(std::string_view name, std::string_view bytes) const {
    write_file_atomically(file(name), bytes);
    return file(name);
  }

 private:
  std::filesystem::path path_;
};

// The message of the `Kind` of error that `action` throws; a test failure if it throws none.
template <class Kind = FileError, class Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const Kind& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error was thrown";
  return "";
}

// The folder of files that the reference system wrote; empty where it is absent.
inline std::filesystem::path reference_folder() {
  return reference_present() ? reference_dir() : std::filesystem::path();
}

}  // namespace octet

#define OCTET_SKIP_WITHOUT_REFERENCE()                                                   \
  if (::octet::reference_folder().empty()) {                                             \
    GTEST_SKIP() << "no reference files: set OCTET_REFERENCE_DIR to the folder of them"; \
  }
