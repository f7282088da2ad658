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
#include "tests/support/temporary_folder.h"

namespace octet {

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
