#include "octet/cli/file_options.h"

#include <filesystem>

#include "octet/base/error.h"

namespace octet::cli {

namespace {

bool is_same_file(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return false;
  std::error_code error;
  if (std::filesystem::equivalent(a, b, error) && !error) return true;
  const auto resolved = [&](const std::string& path) {
    const std::filesystem::path absolute = std::filesystem::absolute(path, error);
    const std::filesystem::path canonical = std::filesystem::weakly_canonical(absolute, error);
    return error ? absolute.lexically_normal() : canonical;
  };
  return resolved(a) == resolved(b);
}

void check_against(const NamedPath& written, const std::vector<NamedPath>& read) {
  for (const NamedPath& other : read) {
    OCTET_CHECK(!is_same_file(written.path, other.path), written.option,
                "{} is the file of {} too, which would be lost; write to another", written.path,
                other.option);
  }
}

void check_against(const std::vector<NamedPath>& written, const std::vector<NamedPath>& read) {
  for (const NamedPath& path : written) check_against(path, read);
}

}  // namespace

void check_files(const CommandFiles& files) {
  std::vector<NamedPath> written = files.written_models;
  written.insert(written.end(), files.written.begin(), files.written.end());
  for (size_t i = 0; i < written.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      OCTET_CHECK(!is_same_file(written[i].path, written[j].path), written[i].option,
                  "{} is the file of {} too; give each a file of its own", written[i].path,
                  written[j].option);
    }
  }
  check_against(written, files.read);
  check_against(files.written, files.read_models);
}

}  // namespace octet::cli
